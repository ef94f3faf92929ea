// What both faces need: theme, toasts, menus for older browsers, and manners for htmx.
document.documentElement.classList.add("scripted")

// ── Theme: a cookie, so that the server draws the next page right at once ──
const dark = () => {
  const chosen = document.documentElement.dataset.theme
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches
}
for (const button of document.querySelectorAll("[data-theme-switch]")) {
  button.addEventListener("click", () => {
    const theme = dark() ? "light" : "dark"
    document.documentElement.dataset.theme = theme
    const secure = location.protocol === "https:" ? "; Secure" : ""
    document.cookie = `theme=${theme}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`
  })
}
if (/Mac|iPhone|iPad/.test(navigator.platform)) {
  for (const key of document.querySelectorAll("[data-mod-key]")) key.textContent = "⌘ K"
}

// ── Toasts ──
const LINGER = { error: 0, warning: 12000 } // 0 stays until it is dismissed
const region = document.getElementById("toasts")

function dismiss(toast) {
  if (toast.contains(document.activeElement)) document.getElementById("main")?.focus()
  toast.classList.add("leaving")
  setTimeout(() => toast.remove(), 150)
}
function linger(toast) {
  toast.querySelector("[data-dismiss]").addEventListener("click", () => dismiss(toast))
  const time = LINGER[toast.dataset.level] ?? 6000
  if (!time) return
  let timer = setTimeout(() => dismiss(toast), time)
  // Whoever is reading it keeps it.
  toast.addEventListener("pointerenter", () => clearTimeout(timer))
  toast.addEventListener("pointerleave", () => { timer = setTimeout(() => dismiss(toast), 2000) })
}
// Other scripts say something with an event: body.dispatchEvent(new CustomEvent("toast", { detail: { text, level } }))
function say(text, level = "info") {
  if ([...region.querySelectorAll("p")].some(p => p.textContent === text && !p.closest(".leaving"))) return // once is enough
  const toast = document.getElementById("toast").content.firstElementChild.cloneNode(true)
  const tone = { success: "positive", warning: "warning", error: "critical" }[level]
  toast.dataset.level = level
  if (tone) toast.classList.add(tone)
  toast.querySelector("p").textContent = text
  region.append(toast)
  linger(toast)
}
if (region) for (const toast of region.querySelectorAll("[data-toast]")) linger(toast)
document.body.addEventListener("toast", event => say(event.detail.text ?? event.detail.value, event.detail.level))

// ── Menus: beside their button also where CSS cannot anchor yet ──
if (!CSS.supports("position-area: block-end")) {
  document.addEventListener("toggle", event => {
    const menu = event.target
    if (event.newState !== "open" || !menu.classList?.contains("menu")) return
    const at = document.querySelector(`[popovertarget="${menu.id}"]`).getBoundingClientRect()
    menu.style.top = `${Math.min(at.bottom + 4, innerHeight - menu.offsetHeight - 8)}px`
    const left = menu.classList.contains("start") ? at.left : at.right - menu.offsetWidth
    menu.style.left = `${Math.max(8, Math.min(left, innerWidth - menu.offsetWidth - 8))}px`
  }, true)
}
document.addEventListener("keydown", event => {
  const menu = event.target.closest?.(".menu[popover]")
  if (!menu || !["ArrowDown", "ArrowUp"].includes(event.key) || event.target.matches("input, select")) return
  event.preventDefault()
  const items = [...menu.querySelectorAll("a, button")].filter(item => !item.hidden)
  const step = event.key === "ArrowDown" ? 1 : -1
  items.at((items.indexOf(event.target) + step + items.length) % items.length)?.focus()
})
// <button data-opens="id"> opens a <dialog>; a click beside it closes it.
document.addEventListener("click", event => {
  const opener = event.target.closest("[data-opens]")
  if (opener) document.getElementById(opener.dataset.opens)?.showModal()
  if (event.target.matches("dialog[open]:not([popover])")) event.target.close()
  event.target.closest("[data-closes]")?.closest("dialog")?.close()
})
document.addEventListener("input", event => event.target.closest("form[data-quiet]")?.classList.add("changed"))
// The current tab is in sight on a phone.
document.querySelector("[data-keep-current] [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" })

// ── htmx ──
const FAULTS = {
  0: "The portal could not be reached. Check your connection and try again.",
  401: "You are signed out. Reload the page to sign in again.",
  403: "You may not do this.",
  404: "This is no longer there. Reload the page to see what is.",
  413: "That is too large.",
  429: "That was too often. Wait a moment and try again.",
}
let pending = 0
const busy = step => document.documentElement.classList.toggle("busy", (pending = Math.max(0, pending + step)) > 0)
const streaming = event => event.detail.ctx?.sourceElement?.hasAttribute("hx-sse:connect")

document.addEventListener("htmx:before:request", event => streaming(event) || busy(1))
document.addEventListener("htmx:finally:request", event => streaming(event) || busy(-1))
document.addEventListener("htmx:response:error", event => {
  const status = event.detail.ctx.response.raw.status
  if (streaming(event) || status === 422 || status === 409) return
  // What an open page of the portal asks for by itself is refused when the portal is closed to this person: then
  // nothing of it stays in sight.
  if ([401, 403, 404].includes(status) && event.detail.ctx.sourceElement?.closest("#tabs, #bell")) return location.reload()
  say(FAULTS[status] ?? "Something went wrong on our side. Nothing was changed; try again in a moment.", "error")
})
document.addEventListener("htmx:error", event => {
  if (!event.detail.ctx?.response && !streaming(event)) say(FAULTS[0], "error")
})
// A fetch follows redirects silently. When it ends on a whole page, that page is where the person should be.
document.addEventListener("htmx:before:swap", event => {
  const { response, text } = event.detail.ctx ?? {}
  if (response?.raw?.redirected && /^\s*<!doctype/i.test(text ?? "")) {
    event.preventDefault()
    location.assign(response.raw.url)
  }
})
