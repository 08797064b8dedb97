import { byId } from "./dom.ts";

const KEY = "logq-theme";

/** Light, dark, or as the system is; kept for the next visit, where the browser keeps anything. */
export function listenToTheme(): void {
  const select = byId("theme");
  select.value = kept() ?? "auto";
  show(select.value);
  select.addEventListener("change", () => {
    show(select.value);
    try {
      localStorage.setItem(KEY, select.value);
    } catch {
      // Then it holds until the page is closed.
    }
  });
}

function kept(): string | null {
  try {
    const theme = localStorage.getItem(KEY);
    return theme === "light" || theme === "dark" ? theme : null;
  } catch {
    return null;
  }
}

function show(theme: string): void {
  document.documentElement.dataset["theme"] = theme;
}
