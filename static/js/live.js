// An open page changes by itself. When what had the focus goes, the page's main part takes it over, so that
// nobody who reads or types is thrown back to the top of the document.
let held = null
document.addEventListener("focusin", event => { held = event.target })
document.addEventListener("htmx:after:swap", () => {
  if (!held || held.isConnected) return
  held = null
  document.getElementById("main").focus({ preventScroll: true })
})
