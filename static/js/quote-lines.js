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

  // Lines are counted again while one types. A line that is on its way in or out must not be overtaken by a count of
  // what stood there before: that one waits until the line has come.
  let moving = null, waiting = false
  const moves = event => event.detail.ctx.sourceElement.matches("[name=add], [name=remove]")
  form.addEventListener("htmx:config:request", event => {
    if (!moving) return
    event.preventDefault()
    waiting ||= !moves(event)
  })
  form.addEventListener("htmx:before:request", event => { if (moves(event)) moving = event.detail.ctx })
  document.addEventListener("htmx:finally:request", event => {
    if (event.detail.ctx !== moving) return
    moving = null
    if (waiting) document.getElementById("lines").dispatchEvent(new Event("input"))
    waiting = false
  })
}

function lines() {
  return [...form.querySelectorAll("[data-line]")]
}

function firstField(line) {
  return line?.querySelector("input:not([type=hidden])")
}
