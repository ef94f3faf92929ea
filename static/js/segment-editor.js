// The builder works without this. With it, the keyboard follows a change, and the counts stand in their rows.
const counts = () => {
  for (const output of document.querySelectorAll("#builder output")) output.textContent = ""
  for (const data of document.querySelectorAll("[data-count-for]")) {
    const output = document.getElementById(`${data.dataset.countFor}-count`)
    if (output) {
      output.textContent = data.value
      output.setAttribute("aria-label", `${data.value} match`)
    }
  }
}

document.addEventListener("htmx:after:swap", event => {
  counts()
  const target = event.detail.ctx?.target ?? event.target
  if (target?.id === "segment-form") document.querySelector("#builder [autofocus]")?.focus()
})

// Choosing another kind or level changes what can be asked: the form comes back as a whole.
document.addEventListener("change", event => {
  if (!event.target.matches("#segment-form input[type=radio][name=kind], #segment-form input[type=radio][name=level]")) return
  event.target.form.querySelector("button[value=refresh]")?.click()
})
counts()
