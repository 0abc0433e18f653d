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
