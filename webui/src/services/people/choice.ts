// People as a form chooses among them, and as a list names them.
import { useQuery } from '@tanstack/react-query'
import { list } from '@/api/query'
import { useMay } from '@/api/session'
import { useAt } from '@/api/time'

/** Names by id; empty for whoever may not see the people. */
export function usePeople() {
  const users = useQuery({ ...list('/users', {}, useAt()), enabled: useMay('get', '/users') }).data ?? []
  const names = new Map(users.map((user) => [user.id, user.username]))
  return {
    users,
    name: (id: string) => names.get(id) ?? id.slice(0, 8),
    options: users.map((user) => ({ value: user.id, label: user.display_name ? `${user.display_name} (${user.username})` : user.username })),
  }
}
