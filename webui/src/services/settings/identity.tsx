import type { FieldSpec } from '@/kit/field'
import { Singleton } from '@/kit/singleton'

const fields: FieldSpec[] = [
  { name: 'name' },
  { name: 'domain' },
  { name: 'endpoint', placeholder: 'home.example.org:51820' },
  { name: 'vpn_range', mono: true },
  { name: 'lan_range', mono: true, placeholder: '192.168.1.0/24' },
  { name: 'timezone' },
  { name: 'vpn_range6', mono: true, advanced: true },
]

export const Identity = () => <Singleton path="/cell" careful stream="cell" method="patch" schema="ChangeCell" words="cell" fields={fields} />
