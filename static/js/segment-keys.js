// The builder by keyboard. Every key presses a button that is there anyhow; "?" shows the list of them.
const mac = /Mac|iPhone|iPad/.test(navigator.platform)
const builder = () => document.getElementById("builder")
const sheet = document.getElementById("keys")

const press = action => builder()?.querySelector(`button[value="${CSS.escape(action)}"]`)?.click()
// A row or a group, by its id: n0-2 is the place 0.2.
const node = () => document.activeElement?.closest?.("#builder .condition, #builder .group:not(.root)")
const spelled = element => element ? element.id.slice(1).replaceAll("-", ".") : ""
const groupOf = element => element?.matches(".group") ? spelled(element) : spelled(element?.closest(".group:not(.root)"))

function move(step) {
  const rows = [...builder().querySelectorAll(".condition, .group:not(.root)")]
  const at = rows.indexOf(node())
  const next = rows[at < 0 ? (step > 0 ? 0 : rows.length - 1) : at + step]
  const first = next?.matches(".group") ? next.querySelector("select.word") : next?.querySelector(".picks")
  first?.focus()
  first?.scrollIntoView({ block: "nearest" })
}
function turn() {
  const group = node()?.matches(".group") ? node() : node()?.closest(".group:not(.root)")
  const choice = group ? group.querySelector("select.word") : document.getElementById("n-op")
  if (!choice) return
  choice.selectedIndex = (choice.selectedIndex + 1) % choice.options.length
  choice.dispatchEvent(new Event("change", { bubbles: true }))
}

// By the key that is pressed, with the modifier for all of them: Ctrl, on a Mac Command.
const WITH_MOD = {
  s: () => document.querySelector("[data-save]")?.click(),
  d: () => node() && press(`duplicate:${spelled(node())}`),
  enter: () => press(`add:${groupOf(node())}`),
  arrowup: () => move(-1),
  arrowdown: () => move(1),
}
const WITH_MOD_AND_SHIFT = {
  enter: () => press(`add-group:${groupOf(node())}`),
  arrowup: () => node() && press(`up:${spelled(node())}`),
  arrowdown: () => node() && press(`down:${spelled(node())}`),
  backspace: () => node() && press(`remove:${spelled(node())}`),
}
const inBuilder = () => document.activeElement === document.body || document.activeElement.closest("#builder")
const typing = target => target.closest?.("input:not([type=checkbox], [type=radio]), select, textarea, [contenteditable]")

document.addEventListener("keydown", event => {
  if (!builder() && event.key.toLowerCase() !== "s") return
  if (event.target.closest?.("dialog, [popover]")) return
  const mod = mac ? event.metaKey : event.ctrlKey
  const key = event.key.toLowerCase()
  if (event.altKey && !mod && event.code === "KeyM") { event.preventDefault(); return turn() }
  if (mod && !event.altKey) {
    const does = (event.shiftKey ? WITH_MOD_AND_SHIFT : WITH_MOD)[key]
    // Within several lines the arrows are the text's own.
    const own = event.target.matches?.("textarea") && key.startsWith("arrow")
    if (!does || own || (key !== "s" && !inBuilder())) return
    event.preventDefault()
    return does()
  }
  if (mod || event.altKey || event.metaKey || event.ctrlKey || typing(event.target)) return
  if (event.key === "?" && sheet) { event.preventDefault(); sheet.showPopover() }
  else if (event.key === "/") {
    const search = document.getElementById("test") ?? document.getElementById("find-member")
    if (search) { event.preventDefault(); search.focus() }
  }
})
if (mac) for (const key of document.querySelectorAll("[data-mod]")) key.textContent = "⌘"
