// Dragging, beside the buttons that do the same: [data-arrange] holds [data-item]s, each with a [data-grip]
// and the address that moves it. The server keeps the order and answers with the page.
const token = () => document.querySelector("[name=csrfmiddlewaretoken]").value

for (const list of document.querySelectorAll("[data-arrange]")) {
  const items = () => [...list.querySelectorAll(":scope > [data-item]")]
  let lifted = null, from = 0

  for (const item of items()) {
    const grip = item.querySelector("[data-grip]")
    if (!grip) continue
    grip.hidden = false
    grip.addEventListener("pointerdown", () => { item.draggable = true })
    item.addEventListener("dragstart", event => {
      lifted = item
      from = items().indexOf(item)
      event.dataTransfer.effectAllowed = "move"
      requestAnimationFrame(() => item.classList.add("lifted"))
    })
    item.addEventListener("dragend", () => {
      item.draggable = false
      item.classList.remove("lifted")
      drop(item, items().indexOf(item) - from)
      lifted = null
    })
  }
  list.addEventListener("dragover", event => {
    const over = event.target.closest("[data-item]")
    if (!lifted || !over) return
    event.preventDefault()
    if (over === lifted || over.parentElement !== list) return
    const box = over.getBoundingClientRect()
    over[event.clientY < box.top + box.height / 2 ? "before" : "after"](lifted)
  })
}

function drop(item, places) {
  if (!places) return
  const form = document.createElement("form")
  form.method = "post"
  form.action = item.dataset.move
  for (const [name, value] of [["places", places], ["csrfmiddlewaretoken", token()]]) {
    const input = document.createElement("input")
    Object.assign(input, { type: "hidden", name, value })
    form.append(input)
  }
  document.body.append(form)
  form.submit()
}
