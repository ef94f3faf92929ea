// Passkeys. A form with data-webauthn="get|create" asks the browser for a credential before it is sent.
// Its options stand in a script element of the page (data-options) or are fetched (data-options-from).

const supported = typeof PublicKeyCredential === "function" && "parseRequestOptionsFromJSON" in PublicKeyCredential;
const words = {
  NotAllowedError: "That was cancelled or took too long. Try again.",
  InvalidStateError: "This device has a passkey for you already.",
  SecurityError: "Passkeys do not work at this address.",
};

async function options(form) {
  if (form.dataset.options) return JSON.parse(document.getElementById(form.dataset.options).textContent);
  const response = await fetch(form.dataset.optionsFrom, { headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error("The server did not answer. Try again.");
  return response.json();
}

async function create(form) {
  const { publicKey } = (await options(form)).creation_options;
  const alone = form.elements.passwordless?.checked ?? false;
  publicKey.authenticatorSelection = {
    ...publicKey.authenticatorSelection,
    residentKey: alone ? "required" : "discouraged",
    requireResidentKey: alone,
    ...(alone && { userVerification: "required" }),
  };
  return navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(publicKey) });
}

async function get(form) {
  const { publicKey } = (await options(form)).request_options;
  return navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(publicKey) });
}

function say(form, error) {
  const place = form.querySelector("[role=alert][hidden], .fault[role=alert]");
  place.textContent = words[error.name] ?? error.message;
  place.hidden = false;
}

async function submit(event) {
  event.preventDefault();
  const form = event.currentTarget;
  const button = form.querySelector("[type=submit]");
  button.setAttribute("aria-busy", "true");
  try {
    const credential = await (form.dataset.webauthn === "create" ? create : get)(form);
    form.elements.credential.value = JSON.stringify(credential.toJSON());
    form.submit();
  } catch (error) {
    button.removeAttribute("aria-busy");
    say(form, error);
  }
}

for (const form of document.querySelectorAll("form[data-webauthn]")) {
  if (supported) {
    form.hidden = false;
    form.addEventListener("submit", submit);
  } else if (!form.hidden) {
    form.querySelector("[type=submit]").disabled = true;
    say(form, new Error("This browser is too old for passkeys."));
  }
}
