/** How many moments fell on each of the last days, in the browser's time zone; times are midnights, in seconds. */
export function activity(moments: string[], days: number, now: number): { times: number[]; counts: number[] } {
  const midnights = Array.from({ length: days }, (_, back) => {
    const day = new Date(now)
    day.setHours(0, 0, 0, 0)
    day.setDate(day.getDate() - (days - 1 - back))
    return day.getTime()
  })
  const counts = midnights.map(() => 0)
  for (const moment of moments) {
    const at = new Date(moment).getTime()
    const day = midnights.findLastIndex((midnight) => at >= midnight)
    if (day >= 0) counts[day]!++
  }
  return { times: midnights.map((midnight) => midnight / 1000), counts }
}
