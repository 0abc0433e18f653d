// A link to a language, such as exactly-once.html#kotlin, chooses that language in all tabs of the page, as a click does.
window.addEventListener("load", () =>
  setTimeout(() => {
    const input = document.getElementById(decodeURIComponent(location.hash.slice(1)))
    const chosen = input?.matches(".tabbed-set input") && document.querySelector(`label[for="${input.id}"]`)
    if (!chosen) return
    const labels = [...document.querySelectorAll(".tabbed-labels label")]
    const same = labels.filter((label) => label.textContent.trim() === chosen.textContent.trim())
    same.find((label) => !document.getElementById(label.htmlFor).checked)?.click()
  }, 200),
)

// The theme gives its search dialog no name.
const search = document.querySelector(".md-search")
search?.setAttribute("aria-label", search.querySelector("input")?.placeholder || "Search")

// A table or code that is wider than the page scrolls: the keyboard must reach it. The theme frames tables late, and sees
// the code of other tabs as long as they are hidden without a width.
const frames = () => {
  for (const frame of document.querySelectorAll(".md-typeset__scrollwrap, .md-typeset pre > code")) {
    if (frame.scrollWidth > frame.clientWidth) frame.tabIndex = 0
    else frame.removeAttribute("tabindex")
  }
}
window.addEventListener("load", () => setTimeout(frames, 200))
window.addEventListener("resize", frames)
// Another tab is chosen, perhaps in all blocks of the page.
document.addEventListener("change", () => setTimeout(frames))
