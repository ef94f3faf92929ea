// Undo and redo of the whole form, and a word before somebody leaves what is not saved. A step is what stood in the
// form; going back sends it to the server, which draws the form from it as it draws every other. The steps outlive a
// page that comes back as a whole, as one does that was not saved: they wait in this tab, for this page alone.
const form = () => document.getElementById("segment-form")
const restoring = document.getElementById("restoring")
const back = document.querySelector("[data-undo]")
const forth = document.querySelector("[data-redo]")
const unsaved = document.querySelector("[data-unsaved]")
const MOST = 100
// Not of the draft: what one searches by, who may send it, and which saved state the page was drawn from.
const PASSING = new Set(["csrfmiddlewaretoken", "seen", "do", "test", "find", "paste", "on-list", "page", "take_effect_at"])

const KEEP = "segment-undo"
const KEPT = 30 // steps, and no more characters than a tab may keep
const ROOM = 1_000_000

const past = []
const future = []
let now = null
let saved = ""
let changed = "" // the id of what was changed last
let busy = false
let leaving = false

const read = () => {
  const fields = [...new FormData(form())].filter(([name, value]) => !PASSING.has(name) && typeof value === "string")
  return { text: JSON.stringify(fields), fields, at: changed }
}
function keep() {
  record()
  const kept = JSON.stringify({ path: location.pathname, past: past.slice(-KEPT), now, future: future.slice(-KEPT) })
  try {
    kept.length < ROOM ? sessionStorage.setItem(KEEP, kept) : sessionStorage.removeItem(KEEP)
  } catch { /* a tab that keeps nothing has no steps to go back to */ }
}
function recall() {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEEP))
    sessionStorage.removeItem(KEEP)
    if (kept?.path !== location.pathname) return
    const same = kept.now.text === now.text
    // Drawn anew as it is saved: what was going on before is over.
    if (!same && !("changed" in form().dataset)) return
    past.push(...kept.past, ...(same ? [] : [kept.now]))
    if (same) future.push(...kept.future)
  } catch { past.length = future.length = 0 }
}
function draw() {
  back.disabled = past.length === 0
  forth.disabled = future.length === 0
  if (unsaved) unsaved.hidden = now.text === saved
}
function record() {
  if (busy) return
  const next = read()
  if (next.text === now.text) return
  past.push(now)
  if (past.length > MOST) past.shift()
  future.length = 0
  now = next
  draw()
}

function go(from, to) {
  record()
  const step = from.pop()
  if (!step) return
  // The keyboard goes to where the two differ.
  changed = from === past ? now.at : step.at
  to.push(now)
  now = step
  busy = true
  document.activeElement?.blur?.() // what has the keyboard would keep its text
  const seen = form().elements.seen
  const sent = [...step.fields, ...(seen ? [["seen", seen.value]] : []), ["do", "restore"]]
  restoring.replaceChildren(...sent.map(([name, value]) => {
    const input = document.createElement("textarea") // keeps line breaks, which an input would lose
    input.name = name
    input.value = value
    return input
  }))
  restoring.requestSubmit()
  draw()
}
const undo = () => go(past, future)
const redo = () => go(future, past)

// ── Keys: inside a text that was typed in, they are the browser's own ──
let before = ""
const isText = field => field.matches?.("textarea, input:not([type=checkbox], [type=radio], [type=hidden])")
document.addEventListener("focusin", event => { if (isText(event.target)) before = event.target.value })
function keys(event) {
  if (!(event.ctrlKey || event.metaKey) || event.altKey) return
  const key = event.key.toLowerCase()
  const again = key === "y" || (key === "z" && event.shiftKey)
  if (key !== "z" && !again) return
  if (event.target.closest?.("dialog, [popover]")) return
  if (isText(event.target) && event.target.value !== before) return
  event.preventDefault()
  again ? redo() : undo()
}

if (restoring && form()) {
  now = read()
  saved = "changed" in form().dataset ? "" : now.text
  recall()
  draw()
  document.addEventListener("keydown", keys)
  back.addEventListener("click", undo)
  forth.addEventListener("click", redo)
  document.addEventListener("change", event => {
    if (event.target.form !== form()) return
    changed = event.target.id || (event.target.closest(".chips")?.querySelector("input")?.id ?? "")
    // What fetches the form anew is one step with what comes back.
    if (!event.target.hasAttribute("hx-post")) queueMicrotask(record)
  })
  document.addEventListener("htmx:after:swap", event => {
    if ((event.detail.ctx?.target ?? event.target)?.id !== "segment-form") return
    if (!busy) {
      changed = document.activeElement?.id || changed
      return record()
    }
    busy = false
    now = { ...read(), at: now.at }
    const field = changed && document.getElementById(changed)
    if (field) field.focus()
    draw()
  })
  document.addEventListener("htmx:error", () => { busy = false })
  form().addEventListener("submit", () => { leaving = true })
  addEventListener("pagehide", keep)
  addEventListener("beforeunload", event => {
    if (!leaving && (record(), now.text !== saved)) event.preventDefault()
  })
}
