// Names for ids that events mention, from lists that are at hand anyway.
import { useQuery } from '@tanstack/react-query'
import { list } from '@/api/query'
import { useMay } from '@/api/session'

export function useNames(): (id: string) => string | undefined {
  const peers = useQuery({ ...list('/peers'), enabled: useMay('get', '/peers') }).data
  const records = useQuery({ ...list('/dns/records'), enabled: useMay('get', '/dns/records') }).data
  return (id) => peers?.find((peer) => peer.id === id)?.name ?? records?.find((record) => record.id === id)?.name
}
