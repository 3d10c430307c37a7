// Small helps at the desk.

// The search fields for related objects (select2) do not say which field they are.
// jQuery's own queue: the load event may come before select2 has begun.
window.django?.jQuery?.(() => nameSearchFields(document))
document.addEventListener("formset:added", (event) => nameSearchFields(event.target))

function nameSearchFields(part) {
  for (const select of part.querySelectorAll("select.admin-autocomplete")) {
    const label = document.querySelector(`label[for="${select.id}"]`)
    const box = select.nextElementSibling?.querySelector(".select2-selection")
    if (!label || !box) continue
    label.id ||= `${select.id}-label`
    const value = box.querySelector(".select2-selection__rendered")
    box.setAttribute("aria-labelledby", `${label.id} ${value.id}`)
    value.setAttribute("aria-labelledby", label.id)
  }
}

// The question mark of the two-sided lists has a name but no role that may bear one.
addEventListener("load", () => {
  for (const mark of document.querySelectorAll(".selector .help-tooltip")) {
    mark.setAttribute("role", "img")
  }
})

// A long form that was refused begins at its first mistake; a new row at its first field.
document.querySelector("#content-main [aria-invalid=true]")?.focus()
document.addEventListener("formset:added", (event) => {
  event.target.querySelector("input:not([type=hidden]), select, textarea")?.focus()
})

// Leaving a form with unsaved changes asks first.
const form = document.querySelector("#content-main form[id$='_form']")
if (form) {
  const ask = (event) => event.preventDefault()
  const changed = () => addEventListener("beforeunload", ask)
  form.addEventListener("input", changed)
  form.addEventListener("submit", () => {
    form.removeEventListener("input", changed)
    removeEventListener("beforeunload", ask)
  })
}

// What is chosen in such a search field is typed too, but only jQuery is told.
window.django?.jQuery?.(document).on("change", "select.admin-autocomplete", (event) => {
  event.target.dispatchEvent(new Event("input", { bubbles: true }))
})

// Whoever types a time means that time.
document.querySelector("#id_moment")?.addEventListener("input", () => {
  const later = document.querySelector("input[name=when][value=later]")
  if (later) later.checked = true
})

// A picture that is too large is refused before it is sent.
document.addEventListener("change", ({ target }) => {
  if (!target.matches("input[type=file][data-largest]")) return
  const isTooHeavy = target.files[0]?.size > Number(target.dataset.largest)
  target.setCustomValidity(isTooHeavy ? target.dataset.tooHeavy : "")
  target.reportValidity()
})
