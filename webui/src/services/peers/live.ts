// What WireGuard knows of the peers now: when each was last heard of, from where, and how much has passed. The agent tells
// it as tables, and a table's row is a peer by its public key.
import { useQuery } from '@tanstack/react-query'
import { list, type Item } from '@/api/query'
import { useAt } from '@/api/time'

type Table = Item<'/services/{service}/live'>

export interface PeerLive {
  received: number
  sent: number
  /** Of the newest handshake, in milliseconds; null: none since the cell's WireGuard started. */
  seen: number | null
  endpoint: string | null
}

/** A handshake is renewed every two minutes while there is traffic; whoever had none for three is not there. */
export const away_after_ms = 180_000
export const isHere = (live: PeerLive | undefined, now: number) => !!live?.seen && now - live.seen < away_after_ms

export function byKey(tables: Table[]): Map<string, PeerLive> {
  const found = new Map<string, PeerLive>()
  const of = (key: string) => {
    let live = found.get(key)
    if (!live) found.set(key, (live = { received: 0, sent: 0, seen: null, endpoint: null }))
    return live
  }
  for (const { table, columns, rows } of tables) {
    const column = (name: string) => columns.indexOf(name)
    for (const row of rows) {
      const live = of(String(row[0]))
      const number = (name: string) => Number(row[column(name)] ?? 0)
      if (table === 'transfer') {
        live.received = number('received_bytes')
        live.sent = number('sent_bytes')
      } else if (table === 'handshakes') live.seen = number('at') > 0 ? number('at') * 1000 : null
      else if (table === 'endpoints') {
        const text = row[column('endpoint')]
        live.endpoint = typeof text === 'string' && text !== '(none)' ? text : null
      }
    }
  }
  return found
}

const none = new Map<string, PeerLive>()

/** Nothing of it while the past is shown. */
export function usePeersLive(): Map<string, PeerLive> {
  const past = useAt() !== undefined
  const query = useQuery({ ...list('/services/{service}/live', { path: { service: 'wireguard' } }), select: byKey, enabled: !past, retry: false })
  return past ? none : (query.data ?? none)
}

/** Bytes a second between counters that only grow, except where the service started anew. */
export function rates(points: { at: string; received_bytes: number; sent_bytes: number }[]): { times: number[]; received: number[]; sent: number[] } {
  const times: number[] = []
  const received: number[] = []
  const sent: number[] = []
  for (let at = 1; at < points.length; at++) {
    const [before, after] = [points[at - 1]!, points[at]!]
    const seconds = (Date.parse(after.at) - Date.parse(before.at)) / 1000
    if (seconds <= 0) continue
    const grown = (was: number, is: number) => (is >= was ? is - was : is) / seconds
    times.push(Date.parse(after.at) / 1000)
    received.push(grown(before.received_bytes, after.received_bytes))
    sent.push(grown(before.sent_bytes, after.sent_bytes))
  }
  return { times, received, sent }
}
