// Makes passkeys and signs in with them: a form with data-passkey="create" or "get" asks
// the browser, with what data-options says, and takes the answer along.

// Some browsers know the interface and have nothing to answer with.
const possible = "PublicKeyCredential" in window && "credentials" in navigator

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (possible) offer(form)
}

function offer(form) {
  form.hidden = false
  const part = form.closest("[data-passkey-part]")
  if (part) part.hidden = false
  for (const other of document.querySelectorAll("[data-passkey-else]")) {
    other.hidden = true
  }
  form.addEventListener("submit", async (event) => {
    event.preventDefault()
    const failed = form.querySelector("[data-failed]")
    failed.hidden = true
    try {
      form.elements.passkey.value = JSON.stringify(await ask(form.dataset))
    } catch {
      // Refused, too late, or nothing there: the person decides what to do.
      failed.hidden = false
      return
    }
    form.submit()
  })
}

async function ask({ passkey, options }) {
  const publicKey = decoded(JSON.parse(options))
  const credential = await navigator.credentials[passkey]({ publicKey })
  return encoded(credential)
}

// JSON has no bytes: they travel as base64url (WebAuthn, section 5.1.9).
function decoded(options) {
  options.challenge = bytes(options.challenge)
  if (options.user) options.user.id = bytes(options.user.id)
  for (const list of [options.excludeCredentials, options.allowCredentials]) {
    for (const one of list ?? []) one.id = bytes(one.id)
  }
  return options
}

function encoded(credential) {
  const { id, type, response } = credential
  const parts = ["clientDataJSON", "attestationObject", "authenticatorData", "signature"]
  const answer = { id, rawId: text(credential.rawId), type, response: {} }
  for (const part of parts) {
    if (response[part]) answer.response[part] = text(response[part])
  }
  return answer
}

function bytes(text) {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"))
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0))
}

function text(buffer) {
  const plain = String.fromCharCode(...new Uint8Array(buffer))
  return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "")
}
