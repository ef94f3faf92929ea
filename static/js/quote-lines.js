// A new line takes the focus, so that one types on without reaching for it; a removed one gives it to its neighbour.
const form = document.querySelector("[data-quote-lines]")

if (form) {
  let before = lines()
  document.addEventListener("htmx:after:swap", () => {
    const now = lines()
    if (now.length > before.length) firstField(now.at(-1))?.focus()
    else if (now.length < before.length) (firstField(now.at(-1)) ?? form.querySelector("[name=add]"))?.focus()
    before = now
  })
}

function lines() {
  return [...form.querySelectorAll("[data-line]")]
}

function firstField(line) {
  return line?.querySelector("input:not([type=hidden])")
}
