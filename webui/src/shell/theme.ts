// Light, dark, or as the system has it. public/theme.js does the same before the first paint.
export type Theme = 'light' | 'dark' | 'system'

const system = matchMedia('(prefers-color-scheme: dark)')

export function theme(): Theme {
  try {
    const stored = localStorage.getItem('pic.theme')
    return stored === 'light' || stored === 'dark' ? stored : 'system'
  } catch {
    return 'system'
  }
}

const apply = () => document.documentElement.classList.toggle('dark', theme() === 'dark' || (theme() === 'system' && system.matches))

export function setTheme(wanted: Theme) {
  try {
    if (wanted === 'system') localStorage.removeItem('pic.theme')
    else localStorage.setItem('pic.theme', wanted)
  } catch {
    /* then it lasts until the next load */
  }
  apply()
}

export const followSystemTheme = () => system.addEventListener('change', apply)
