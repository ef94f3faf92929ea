// "why" opens below its row and closes again. Without scripts, and with a modifier, it is a link to a page.
const rowOf = link => document.getElementById(link.dataset.why)

document.addEventListener("click", event => {
  const link = event.target.closest?.("[data-why]")
  const row = link && rowOf(link)
  if (!row || event.ctrlKey || event.metaKey || event.shiftKey || row.hidden) return
  event.preventDefault()
  event.stopImmediatePropagation()
  row.hidden = true
  link.setAttribute("aria-expanded", "false")
}, true)
document.addEventListener("htmx:after:swap", event => {
  const row = (event.detail.ctx?.target ?? event.target)?.closest?.(".why-row")
  if (!row) return
  row.hidden = false
  document.querySelector(`[data-why="${row.id}"]`)?.setAttribute("aria-expanded", "true")
})
for (const link of document.querySelectorAll("[data-why]")) link.setAttribute("aria-expanded", "false")
