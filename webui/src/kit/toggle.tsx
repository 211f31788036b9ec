// On and off, at once and with a way back: the switch of a thing that has `enabled`. Its words are <words>.enable,
// <words>.enabled_said and <words>.disabled_said.
import { changeAt } from '@/api/change'
import { tOr } from '@/i18n'
import { usePress } from './commit'
import { Switch } from './field'
import { useBlocked } from './page'

interface Props {
  /** Of the collection. */
  path: string
  words: string
  name: string
  item: { id: string; version: number; enabled: boolean }
}

export function Toggle({ path, words, name, item: { id, version, enabled } }: Props) {
  const one = `${path}/{id}`
  const blocked = useBlocked('patch', one)
  const { press, busy } = usePress()
  const set = (on: boolean) => void press(changeAt('patch', one, { params: { id }, body: { enabled: on }, version }), { title: tOr(`${words}.${on ? 'enabled' : 'disabled'}_said`, name, { name }) })
  return <Switch label={tOr(`${words}.enable`, name, { name })} checked={enabled} disabled={!!blocked || busy} onChange={set} />
}
