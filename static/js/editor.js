// Turns every <textarea data-editor> into a rich-text editor with a toolbar in words.
// The text area stays the form's field; without this script it is simply shown.

// The classes of care cards, and what the desk calls them.
const CARE = {
  "non-urgent": "care",
  urgent: "care care--urgent",
  emergency: "care care--emergency",
}
const WORD_OF = {
  "non-urgent": "careNonUrgent",
  urgent: "careUrgent",
  emergency: "careEmergency",
}
const TAGS_OF_LINKS = /^(https?:\/\/|mailto:|tel:|\/(?!\/)|#)/i

for (const textarea of document.querySelectorAll("textarea[data-editor]")) {
  start(textarea)
}

async function start(textarea) {
  const { module, words, contacts } = JSON.parse(textarea.dataset.editor)
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
    extensions: extensions(prose, words, contacts),
    injectCSS: false, // the policy forbids a <style>; css/editor.css has the rules
    editorProps: { attributes: attributes(textarea), transformPastedHTML },
    onUpdate: () => {
      textarea.value = editor.isEmpty ? "" : editor.getHTML()
      textarea.dispatchEvent(new Event("input", { bubbles: true }))
    },
  })

  // Somebody else has written into the text area: what the browser had kept.
  textarea.addEventListener("restored", () => editor.commands.setContent(textarea.value))

  fillToolbar(toolbar, editor, words, contacts)
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

function extensions(prose, words, contacts) {
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
    prose.Document.extend({ content: "(block | care)+" }),
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
    ...contactNodes(prose, words, contacts),
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

// The three nodes that hold a reference to a contact ("phone-3") and never its digits:
// what they show is what the practice says today.
function contactNodes(prose, words, contacts) {
  const shown = (reference) => {
    const contact = contacts.find((one) => one.reference === reference)
    return contact ? `${contact.label}, ${contact.shown}` : words.lostContact
  }
  const isLost = (reference) => !contacts.some((one) => one.reference === reference)
  const reference = {
    default: null,
    parseHTML: (element) => element.dataset.contact || null,
    renderHTML: ({ reference }) => (reference ? { "data-contact": reference } : {}),
  }
  const atom = (tag, className, options) =>
    prose.Node.create({
      ...options,
      atom: true,
      addAttributes: () => ({ reference }),
      renderHTML: ({ HTMLAttributes }) => [tag, HTMLAttributes],
      renderText: ({ node }) => shown(node.attrs.reference),
      // Left to themselves, browsers step over what cannot be edited.
      addKeyboardShortcuts() {
        const deleted = (side) => () => {
          const { empty, $head } = this.editor.state.selection
          const node = $head[side === -1 ? "nodeBefore" : "nodeAfter"]
          if (!empty || node?.type !== this.type) return false
          const [from, to] = [$head.pos, $head.pos + side * node.nodeSize].sort(
            (a, b) => a - b,
          )
          return this.editor.commands.deleteRange({ from, to })
        }
        return { Backspace: deleted(-1), Delete: deleted(1) }
      },
      addNodeView:
        () =>
        ({ node }) => {
          const dom = create(tag, {
            className,
            textContent: shown(node.attrs.reference),
          })
          dom.classList.toggle("contact-reference--lost", isLost(node.attrs.reference))
          return { dom }
        },
    })
  const Care = prose.Node.create({
    // In no group: it stands in the text itself, never inside another box.
    name: "care",
    content: "block+",
    defining: true,
    addAttributes: () => ({
      kind: {
        default: "non-urgent",
        parseHTML: (element) => kindOf(element),
        renderHTML: ({ kind }) => ({ class: CARE[kind] }),
      },
      reference,
    }),
    // Before the call-out, which takes every other aside.
    parseHTML: () => [{ tag: "aside.care", priority: 70 }],
    renderHTML: ({ HTMLAttributes }) => ["aside", HTMLAttributes, 0],
    addNodeView:
      () =>
      ({ node }) => {
        const dom = create("aside", { className: CARE[node.attrs.kind] })
        const label = create("p", { className: "care__kind" })
        label.contentEditable = "false"
        const contentDOM = create("div", { className: "care__text" })
        contentDOM.dataset.hint = words.careHint
        const update = (changed) => {
          if (changed.type.name !== "care") return false
          const { kind, reference } = changed.attrs
          const number = reference ? shown(reference) : words.headerNumbers
          label.replaceChildren(
            create("strong", { textContent: words[WORD_OF[kind]] }),
            ...(kind === "emergency" ? [] : [create("br"), number]),
          )
          return kind === node.attrs.kind
        }
        update(node)
        dom.append(label, contentDOM)
        return { dom, contentDOM, update }
      },
  })
  return [
    atom("span", "contact-reference", {
      name: "contactReference",
      group: "inline",
      inline: true,
      parseHTML: () => [{ tag: "span[data-contact]" }],
    }),
    atom("aside", "contact-reference contact-reference--card", {
      name: "contactCard",
      group: "block",
      parseHTML: () => [{ tag: "aside[data-contact]", priority: 60 }],
    }),
    Care,
  ]
}

function kindOf(element) {
  const grave = ["emergency", "urgent"]
  return grave.find((one) => element.classList.contains(`care--${one}`)) || "non-urgent"
}

function fillToolbar(toolbar, editor, words, contacts) {
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
  button("contact", () => askForContact(editor, words, contacts))
  const inCare = () => editor.isActive("care")
  button("careCard", () => askForCare(editor, words, contacts), {
    shown: () => !inCare(),
  })
  button("removeCareCard", (chain) => chain.deleteNode("care").run(), {
    shown: inCare,
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
  open(dialog, form, words.link, editor)
}

// A contact of the practice, either in the line or as a card below it.
function askForContact(editor, words, contacts) {
  const dialog = create("dialog", { className: "editor-dialog" })
  const form = create("form", { method: "dialog" })
  if (contacts.length === 0) {
    form.append(create("p", { textContent: words.noContacts }))
  } else {
    form.append(
      choices(words.whichContact, "contact", offered(contacts)),
      create("p", { textContent: words.contactHelp }),
      create("button", { textContent: words.inSentence, value: "contactReference" }),
      create("button", { textContent: words.asCard, value: "contactCard" }),
    )
    form.addEventListener("submit", (event) => {
      const type = event.submitter.value
      const reference = new FormData(form).get("contact")
      if (type === "contactCard") insertBlock(editor, { type, attrs: { reference } })
      // Without marks: a number inside a link would be a link in a link.
      else editor.chain().focus().insertContent({ type, attrs: { reference } }).run()
    })
  }
  open(dialog, form, words.contact, editor, words.cancel)
}

function askForCare(editor, words, contacts) {
  const dialog = create("dialog", { className: "editor-dialog" })
  const form = create("form", { method: "dialog" })
  const there = new Set()
  editor.state.doc.descendants((node) => {
    if (node.type.name === "care") there.add(node.attrs.kind)
  })
  const kinds = Object.keys(CARE).map((kind) => ({
    value: kind,
    text: words[WORD_OF[kind]],
    reason: there.has(kind) && words.careInText,
  }))
  if (there.size === kinds.length) {
    form.append(create("p", { textContent: words.allCareInText }))
  } else {
    const numbers = choices(words.whichNumber, "number", [
      { value: "", text: words.headerNumbers },
      ...offered(contacts.filter((one) => one.callable)),
    ])
    const refresh = () => {
      numbers.disabled = new FormData(form).get("kind") === "emergency"
    }
    form.append(
      choices(words.whichCare, "kind", kinds),
      numbers,
      create("button", { textContent: words.insert }),
    )
    form.addEventListener("change", refresh)
    refresh()
    form.addEventListener("submit", () => {
      const chosen = new FormData(form)
      const kind = chosen.get("kind")
      insertBlock(editor, {
        type: "care",
        attrs: { kind, reference: chosen.get("number") || null },
        content: [
          { type: "heading", attrs: { level: 3 } },
          {
            type: "bulletList",
            content: [{ type: "listItem", content: [{ type: "paragraph" }] }],
          },
        ],
      })
    })
  }
  open(dialog, form, words.careCard, editor, words.cancel)
}

function offered(contacts) {
  return contacts.map(({ reference, label, shown }) => ({
    value: reference,
    text: `${label}, ${shown}`,
  }))
}

// A group of radio buttons; the first that may be chosen is. A reason says why not.
function choices(legend, name, options) {
  const group = create("fieldset")
  group.append(create("legend", { textContent: legend }))
  const first = options.find((one) => !one.reason)
  for (const option of options) {
    const label = create("label")
    const radio = create("input", {
      type: "radio",
      name,
      value: option.value,
      checked: option === first,
      disabled: Boolean(option.reason),
    })
    label.append(radio, option.reason ? `${option.text} (${option.reason})` : option.text)
    group.append(label)
  }
  return group
}

// Never inside a call-out or another card: after the part of the text that holds the
// caret, with a line to go on writing.
function insertBlock(editor, block) {
  const { $to } = editor.state.selection
  const outermost = $to.depth ? $to.after(1) : $to.pos
  const current = $to.depth === 1 && $to.parent.isTextblock && $to.parent
  const isBlank = current && current.content.size === 0
  const range = isBlank ? { from: $to.before(1), to: outermost } : outermost
  const isLast = outermost >= editor.state.doc.content.size
  const start = isBlank ? range.from : outermost
  editor
    .chain()
    .focus()
    .insertContentAt(range, isLast ? [block, { type: "paragraph" }] : [block])
    .command(({ tr, commands }) => {
      // The caret into the card, or behind it if nothing can be typed there.
      const node = tr.doc.nodeAt(start)
      const inside = start + 2
      return commands.setTextSelection(node.isAtom ? start + node.nodeSize + 1 : inside)
    })
    .run()
}

function open(dialog, form, name, editor, cancelWord) {
  if (cancelWord) {
    const cancel = create("button", { type: "button", textContent: cancelWord })
    cancel.addEventListener("click", () => dialog.close())
    form.append(cancel)
  }
  dialog.setAttribute("aria-label", name)
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

function create(tag, properties = {}) {
  return Object.assign(document.createElement(tag), properties)
}
