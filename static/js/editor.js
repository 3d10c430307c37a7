// Turns every <textarea data-editor> into a rich-text editor with a toolbar in words.
// The text area stays the form's field; without this script it is simply shown.

const TAGS_OF_LINKS = /^(https?:\/\/|mailto:|tel:|\/(?!\/)|#)/i

for (const textarea of document.querySelectorAll("textarea[data-editor]")) {
  start(textarea)
}

async function start(textarea) {
  const { module, words } = JSON.parse(textarea.dataset.editor)
  const prose = await import(module)

  const frame = create("div", { className: "editor" })
  const toolbar = create("div", { className: "editor__tools" })
  toolbar.setAttribute("role", "group")
  toolbar.setAttribute("aria-label", words.tools)
  const page = create("div", { className: "editor__page" })
  frame.append(toolbar, page)
  textarea.after(frame)
  textarea.hidden = true

  const editor = new prose.Editor({
    element: page,
    content: textarea.value,
    extensions: extensions(prose),
    injectCSS: false, // the policy forbids a <style>; css/editor.css has the rules
    editorProps: { attributes: attributes(textarea), transformPastedHTML },
    onUpdate: () => {
      textarea.value = editor.isEmpty ? "" : editor.getHTML()
      textarea.dispatchEvent(new Event("input", { bubbles: true }))
    },
  })

  fillToolbar(toolbar, editor, words)
  const label = document.querySelector(`label[for="${textarea.id}"]`)
  label?.addEventListener("click", () => editor.commands.focus())
}

function attributes(textarea) {
  const label = document.querySelector(`label[for="${textarea.id}"]`)
  const described = textarea.getAttribute("aria-describedby")
  return {
    role: "textbox",
    "aria-multiline": "true",
    "aria-label": label?.textContent.replace(/:\s*$/, "") || textarea.name,
    ...(described ? { "aria-describedby": described } : {}),
  }
}

// The server sanitises what is saved; this only keeps the browser from complaining
// about styles and handlers that the policy blocks anyway.
function transformPastedHTML(html) {
  return html
    .replace(/<style\b[^]*?<\/style>|<img\b[^>]*>/gi, "")
    .replace(/\s(style|on\w+)\s*=\s*("[^"]*"|'[^']*'|[^\s>]+)/gi, "")
}

function extensions(prose) {
  // Two levels; what is pasted with others becomes the nearest of them.
  const Heading = prose.Heading.extend({
    parseHTML: () => [
      { tag: "h1, h2", attrs: { level: 2 } },
      { tag: "h3, h4, h5, h6", attrs: { level: 3 } },
    ],
  })
  const Callout = prose.Node.create({
    name: "callout",
    group: "block",
    content: "block+",
    defining: true,
    addAttributes: () => ({
      ask: {
        default: false,
        parseHTML: (element) => element.classList.contains("callout--ask"),
        renderHTML: ({ ask }) => ({
          class: ask ? "callout callout--ask" : "callout",
        }),
      },
    }),
    parseHTML: () => [{ tag: "aside" }],
    renderHTML: ({ HTMLAttributes }) => ["aside", HTMLAttributes, 0],
  })
  return [
    prose.Document,
    prose.Paragraph,
    prose.Text,
    Heading.configure({ levels: [2, 3] }),
    prose.Bold,
    prose.Italic,
    prose.Subscript,
    prose.Superscript,
    prose.HardBreak,
    prose.BulletList,
    prose.OrderedList,
    prose.ListItem,
    prose.Blockquote,
    Callout,
    prose.Link.configure({ enableTarget: false, autolink: false }),
    prose.Table,
    prose.TableRow,
    prose.TableHeader,
    prose.TableCell,
    prose.Dropcursor,
    prose.Gapcursor,
    prose.History,
  ]
}

function fillToolbar(toolbar, editor, words) {
  const refreshers = []

  const button = (name, run, { active, shown } = {}) => {
    const element = create("button", { type: "button", textContent: words[name] })
    // A click leaves the caret in the text: nothing typed right after it is lost.
    element.addEventListener("mousedown", (event) => event.preventDefault())
    element.addEventListener("click", () => run(editor.chain().focus()))
    refreshers.push(() => {
      if (active) element.setAttribute("aria-pressed", String(active()))
      if (shown) element.hidden = !shown()
    })
    toolbar.append(element)
  }
  const mark = (name, run, type = name) =>
    button(name, run, { active: () => editor.isActive(type) })

  button("paragraph", (chain) => chain.setParagraph().run(), {
    active: () => editor.isActive("paragraph"),
  })
  for (const [name, level] of [["heading", 2], ["subheading", 3]]) {
    button(name, (chain) => chain.toggleHeading({ level }).run(), {
      active: () => editor.isActive("heading", { level }),
    })
  }
  mark("bold", (chain) => chain.toggleBold().run())
  mark("italic", (chain) => chain.toggleItalic().run())
  mark("bulletList", (chain) => chain.toggleBulletList().run())
  mark("orderedList", (chain) => chain.toggleOrderedList().run())
  mark("blockquote", (chain) => chain.toggleBlockquote().run())
  for (const [name, ask] of [["callout", false], ["ask", true]]) {
    button(name, (chain) => chain.toggleWrap("callout", { ask }).run(), {
      active: () => editor.isActive("callout", { ask }),
    })
  }
  mark("link", () => askForLink(editor, words))
  button("unlink", (chain) => chain.extendMarkRange("link").unsetLink().run(), {
    shown: () => editor.isActive("link"),
  })
  const inTable = () => editor.isActive("table")
  button(
    "table",
    (chain) => chain.insertTable({ rows: 3, cols: 3, withHeaderRow: true }).run(),
    { shown: () => !inTable() },
  )
  button("addRow", (chain) => chain.addRowAfter().run(), { shown: inTable })
  button("addColumn", (chain) => chain.addColumnAfter().run(), { shown: inTable })
  button("deleteRow", (chain) => chain.deleteRow().run(), { shown: inTable })
  button("deleteColumn", (chain) => chain.deleteColumn().run(), { shown: inTable })
  button("deleteTable", (chain) => chain.deleteTable().run(), { shown: inTable })
  button("undo", (chain) => chain.undo().run())
  button("redo", (chain) => chain.redo().run())

  const refresh = () => refreshers.forEach((one) => one())
  editor.on("transaction", refresh)
  refresh()
}

function askForLink(editor, words) {
  const inLink = editor.isActive("link")
  const dialog = create("dialog", { className: "editor-dialog" })
  const form = create("form", { method: "dialog" })
  if (editor.state.selection.empty && !inLink) {
    form.append(create("p", { textContent: words.selectFirst }))
    form.append(create("button", { textContent: words.cancel, value: "" }))
  } else {
    const input = create("input", {
      id: "editor-link",
      type: "text",
      value: editor.getAttributes("link").href || "",
      required: true,
    })
    input.setAttribute("aria-describedby", "editor-link-help")
    input.addEventListener("input", () => input.setCustomValidity(""))
    const apply = create("button", { textContent: words.apply })
    const cancel = create("button", { type: "button", textContent: words.cancel })
    cancel.addEventListener("click", () => dialog.close())
    form.append(
      create("label", { htmlFor: "editor-link", textContent: words.address }),
      input,
      create("p", { id: "editor-link-help", textContent: words.addressHelp }),
      apply,
      cancel,
    )
    form.addEventListener("submit", (event) => {
      const href = complete(input.value.trim())
      if (!TAGS_OF_LINKS.test(href)) {
        event.preventDefault()
        input.setCustomValidity(words.badAddress)
        input.reportValidity()
        return
      }
      editor
        .chain()
        .focus()
        .extendMarkRange("link")
        .setLink({ href })
        // The caret behind the link: what is typed next must not replace it.
        .command(({ tr, commands }) => commands.setTextSelection(tr.selection.to))
        .run()
    })
  }
  dialog.setAttribute("aria-label", words.link)
  dialog.append(form)
  dialog.addEventListener("close", () => {
    dialog.remove()
    editor.commands.focus()
  })
  document.body.append(dialog)
  dialog.showModal()
}

// People type "example.org" and mean https://example.org.
function complete(address) {
  if (/^[\w.-]+\.[a-z]{2,}(\/|$)/i.test(address)) return `https://${address}`
  if (/^[^\s@:/]+@[^\s@]+$/.test(address)) return `mailto:${address}`
  return address
}

function create(tag, properties) {
  return Object.assign(document.createElement(tag), properties)
}
