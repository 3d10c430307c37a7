// The form of an article: advice while one writes, and nobody's words lost.

const form = document.querySelector("#article_form")
const keep = document.querySelector("#keep")
const advice = document.querySelector("#advice")

// Advice ######################################################################

// What the server looks at; everything else says nothing about how a text reads.
const LOOKED_AT =
  /^(csrfmiddlewaretoken|language|title|summary|body|author|picture|picture_alt|picture_decorative|picture_caption|disclosure|sources-.*)$/

let asked = 0

async function advise() {
  const question = ++asked
  const data = new FormData()
  for (const [name, value] of new FormData(form)) {
    if (LOOKED_AT.test(name) && typeof value === "string") data.append(name, value)
  }
  data.append("article", keep.dataset.keep.split(":")[1])
  try {
    const answer = await fetch(advice.dataset.address, { method: "POST", body: data })
    // Signed out or off-line: the last advice stays, and writing goes on.
    if (!answer.ok || answer.redirected) return
    const text = await answer.text()
    // Answers may overtake each other: the last question counts.
    if (question === asked) advice.innerHTML = text
  } catch {}
}

if (form && advice && keep) form.addEventListener("input", later(advise, 700))

// Words kept in this browser ##################################################

const LONGEST = 14 * 24 * 3600 * 1000
// "en" alone would put the month before the day.
const LOCALE = document.documentElement.lang.replace(/^en$/, "en-GB")
const NEVER_KEPT = new Set(["csrfmiddlewaretoken", "seen_version", "overwrite"])

// After the scripts of the form: only they can add a row for what was kept of it.
if (form && keep) window.django.jQuery(keepWords)

function keepWords() {
  const place = `words:${keep.dataset.keep}`
  const [user] = keep.dataset.keep.split(":")
  const version = Number(keep.dataset.version)
  const sent = fieldsOf(form)
  let pending = false

  forgetWhatArrived()
  const kept = read(place)
  if (kept && !("refused" in keep.dataset)) offer(kept)

  const write = (more) => {
    pending = false
    const names = namesOf(form)
    store(place, { version, at: Date.now(), fields: fieldsOf(form), names, ...more })
  }
  const writeLater = later(() => pending && write(), 500)
  const typed = () => {
    pending = true
    writeLater()
  }
  form.addEventListener("input", typed)
  document.addEventListener("formset:removed", typed)
  form.addEventListener("submit", () => write({ pressed: true }))
  // Who closes the window has not waited for anything.
  addEventListener("pagehide", () => pending && write())

  function offer({ version: before, at, fields, names, pressed }) {
    const changed = Object.keys(fields).some((name) => !same(fields[name], sent[name]))
    const moved = before !== version
    const arrived =
      pressed && (wasAdded(fields) || (moved && keep.dataset.writer === user))
    if (arrived || !changed || Date.now() - at > LONGEST) return forget(place)
    const restore = () => {
      putBack(fields, names)
      // What was saved since is not to be overwritten unseen: the server compares.
      if (moved) form.elements.seen_version.value = before
    }
    if (pressed && !moved) {
      restore()
      return say(keep.dataset.arrivedLate, [])
    }
    const when = new Date(at).toLocaleString(LOCALE, {
      dateStyle: "long",
      timeStyle: "short",
    })
    const older = moved ? ` ${keep.dataset.older}` : ""
    say(`${keep.dataset.found} ${when}.${older}`, [
      [keep.dataset.restore, restore],
      [keep.dataset.discard, () => forget(place)],
    ])
  }

  function wasAdded({ language, slug }) {
    return keep.dataset.lastAdded === `${language}:${slug}`
  }

  // The page that follows the first save of a new article is that of the saved one.
  function forgetWhatArrived() {
    const fresh = `words:${user}:new`
    const words = fresh !== place && read(fresh)
    if (words && words.pressed && same(words.fields.slug, sent.slug)) forget(fresh)
  }
}

function putBack(fields, names) {
  for (const name of Object.keys(fields)) addRowFor(name)
  for (const [name, values] of Object.entries(fields)) {
    const controls = [...form.querySelectorAll(`[name="${CSS.escape(name)}"]`)]
    controls.forEach((control, position) =>
      putInto(control, [values].flat(), position, names?.[name]),
    )
  }
  // What was not ticked is not among the fields.
  for (const box of form.querySelectorAll("[type=checkbox][name]")) {
    if (!(box.name in fields) && !box.name.includes("__prefix__")) box.checked = false
  }
  form.dispatchEvent(new Event("input", { bubbles: true }))
}

function putInto(control, values, position, shown) {
  if (/^(radio|checkbox)$/.test(control.type)) {
    control.checked = values.includes(control.value)
  } else if (control.type === "hidden" && /_FORMS$/.test(control.name)) {
    return // how many rows there are is counted by the form itself
  } else if (control.matches("select.admin-autocomplete")) {
    // What was searched for and found is no option of a page loaded anew.
    const known = [...control.options].some((one) => one.value === values[0])
    if (!known) control.append(new Option(shown, values[0]))
    control.value = values[0]
    window.django?.jQuery?.(control).trigger("change")
  } else {
    control.value = values[position] ?? values[0]
    control.dispatchEvent(new Event("restored"))
  }
}

// "sources-2-title" needs a third row.
function addRowFor(name) {
  const [, prefix, number] = /^(\w+)-(\d+)-/.exec(name) ?? []
  const add = prefix && document.querySelector(`#${prefix}-group .add-row a`)
  const total = prefix && form.querySelector(`[name="${prefix}-TOTAL_FORMS"]`)
  while (add && total && Number(total.value) <= Number(number)) {
    const before = total.value
    add.click()
    if (total.value === before) return
  }
}

function fieldsOf(form) {
  const fields = {}
  for (const [name, value] of new FormData(form)) {
    if (typeof value !== "string" || NEVER_KEPT.has(name)) continue
    if (name.includes("__prefix__")) continue
    fields[name] = name in fields ? [fields[name], value].flat() : value
  }
  return fields
}

// What the search fields show: a key alone says nothing to people.
function namesOf(form) {
  const selects = [...form.querySelectorAll("select.admin-autocomplete")]
  return Object.fromEntries(
    selects.map((select) => [select.name, select.selectedOptions[0]?.text]),
  )
}

function say(sentence, choices) {
  const line = document.createElement("p")
  line.textContent = sentence
  const buttons = choices.map(([words, act]) => {
    const button = document.createElement("button")
    Object.assign(button, { type: "button", className: "button", textContent: words })
    button.addEventListener("click", () => {
      act()
      keep.hidden = true
    })
    return button
  })
  keep.replaceChildren(line, ...buttons)
  keep.className = "keep"
  keep.setAttribute("role", "status")
  keep.hidden = false
}

function same(one, other) {
  return JSON.stringify(one ?? "") === JSON.stringify(other ?? "")
}

// Storage may be full or switched off: then the desk works as it does without it.
function read(place) {
  try {
    return JSON.parse(localStorage.getItem(place))
  } catch {
    return null
  }
}

function store(place, words) {
  try {
    localStorage.setItem(place, JSON.stringify(words))
  } catch {}
}

function forget(place) {
  try {
    localStorage.removeItem(place)
  } catch {}
}

function later(act, milliseconds) {
  let timer
  return () => {
    clearTimeout(timer)
    timer = setTimeout(act, milliseconds)
  }
}
