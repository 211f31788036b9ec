// Every page, in the order of the navigation: a new service is a folder beside these and one line here. A page's code is
// fetched when it is first opened.
import { Activity, Box, Globe, Landmark, LayoutDashboard, MonitorSmartphone, Settings, Users, Waypoints, type LucideIcon } from 'lucide-react'
import type { ComponentType } from 'react'
import type { Key } from '@/i18n'

export interface Entry {
  path: string
  title: Key
  icon: LucideIcon
  load: () => Promise<{ default: ComponentType }>
  /** What the command palette offers besides the page itself. */
  actions?: { title: Key; search: Record<string, string>; needs: [method: string, path: string] }[]
}

export const pages: Entry[] = [
  { path: '/', title: 'nav.dashboard', icon: LayoutDashboard, load: () => import('./dashboard/page') },
  {
    path: '/peers',
    title: 'nav.peers',
    icon: MonitorSmartphone,
    load: () => import('./peers/page'),
    actions: [{ title: 'peers.add', search: { open: 'new' }, needs: ['post', '/peers'] }],
  },
  {
    path: '/network',
    title: 'nav.network',
    icon: Globe,
    load: () => import('./network/page'),
    actions: [
      { title: 'record.add', search: { tab: 'records', open: 'new-record' }, needs: ['post', '/dns/records'] },
      { title: 'dns.lookup', search: { tab: 'lookup' }, needs: ['post', '/dns/query'] },
    ],
  },
  { path: '/wireguard', title: 'nav.wireguard', icon: Waypoints, load: () => import('./wireguard/page') },
  {
    path: '/people',
    title: 'nav.people',
    icon: Users,
    load: () => import('./people/page'),
    actions: [{ title: 'user.add', search: { open: 'new-user' }, needs: ['post', '/users'] }],
  },
  { path: '/vault', title: 'nav.vault', icon: Landmark, load: () => import('./vault/page'), actions: [{ title: 'certificate.add', search: { open: 'new-certificate' }, needs: ['post', '/vault/certificates'] }] },
  { path: '/containers', title: 'nav.containers', icon: Box, load: () => import('./containers/page') },
  { path: '/changes', title: 'nav.changes', icon: Activity, load: () => import('./changes/page') },
  {
    path: '/settings',
    title: 'nav.settings',
    icon: Settings,
    load: () => import('./settings/page'),
    actions: [
      { title: 'tokens.add', search: { tab: 'tokens', open: 'new' }, needs: ['post', '/tokens'] },
      { title: 'backup.title', search: { tab: 'backup' }, needs: ['get', '/backup'] },
    ],
  },
]
