// What a browser says of itself, as people call it: "Firefox on Linux". Only for showing; nothing depends on it.
const browsers: [RegExp, string][] = [
  [/Edg\//, 'Edge'],
  [/OPR\//, 'Opera'],
  [/Firefox\//, 'Firefox'],
  [/(Headless)?Chrome\//, 'Chrome'],
  [/Safari\//, 'Safari'],
  [/^curl\//, 'curl'],
  [/^picctl/, 'picctl'],
]
const systems: [RegExp, string][] = [
  [/iPhone|iPad/, 'iOS'],
  [/Android/, 'Android'],
  [/Windows/, 'Windows'],
  [/Mac OS X/, 'macOS'],
  [/CrOS/, 'ChromeOS'],
  [/Linux/, 'Linux'],
]
const named = (text: string, list: [RegExp, string][]) => list.find(([pattern]) => pattern.test(text))?.[1]

/** `origin`: the address, a space, and the User-Agent. */
export function device(origin: string): { address: string; words: string } {
  const space = origin.indexOf(' ')
  const [address, agent] = space < 0 ? [origin, ''] : [origin.slice(0, space), origin.slice(space + 1)]
  const words = [named(agent, browsers), named(agent, systems)].filter(Boolean).join(' · ')
  return { address, words: words || agent.slice(0, 40) }
}
