// Before a form of the desk is sent, ask whether somebody is still signed in. If not, or
// if nobody answers, the form stays as it is: nothing that was typed is lost.

const words = document.querySelector("#session")
// The form of an article keeps its words by itself, also when the window is closed.
const form = document.querySelector("#content-main form[id$='_form']:not(#article_form)")
let sure = false

if (words && form) {
  // Before any other listener: for them, nothing has been sent yet.
  document.addEventListener("submit", ask, { capture: true })
}

async function ask(event) {
  if (event.target !== form || sure) return
  event.preventDefault()
  event.stopImmediatePropagation()
  words.hidden = true
  const token = await fetchToken()
  if (!token) return
  // Who has signed in anew meanwhile has another one.
  form.elements.csrfmiddlewaretoken.value = token
  sure = true
  form.requestSubmit(event.submitter)
  // The browser may still refuse to send it: a field that must not be empty.
  sure = false
}

async function fetchToken() {
  const { address, ended, silent } = words.dataset
  try {
    const answer = await fetch(address, { redirect: "manual", cache: "no-store" })
    if (answer.ok) return await answer.text()
    say(answer.type === "opaqueredirect" ? ended : silent)
  } catch {
    say(silent)
  }
}

function say(sentence) {
  words.firstElementChild.textContent = sentence
  words.hidden = false
  words.scrollIntoView({ block: "center" })
}
