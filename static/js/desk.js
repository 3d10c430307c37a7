// Small repairs of the desk for screen readers.

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
