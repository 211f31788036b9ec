// For what may wait until the page stands: true once the browser has nothing more urgent to do.
import { useEffect, useState } from 'react'

const at_latest_ms = 2000

export function useIdle(): boolean {
  const [idle, setIdle] = useState(false)
  useEffect(() => {
    // Safari has no requestIdleCallback.
    if (typeof requestIdleCallback === 'undefined') {
      const timer = setTimeout(() => setIdle(true), at_latest_ms / 4)
      return () => clearTimeout(timer)
    }
    const asked = requestIdleCallback(() => setIdle(true), { timeout: at_latest_ms })
    return () => cancelIdleCallback(asked)
  }, [])
  return idle
}
