import { useList } from '@/api/query'
import { t, tOr } from '@/i18n'
import { Choose } from '@/kit/choose'
import type { FieldSpec } from '@/kit/field'
import { personalChoices } from '@/services/account/app-passwords'

/** The profile that an account and an invitation to one have in common. */
export function useProfile(): { fields: FieldSpec[]; groupOf: (id: string) => string } {
  const groups = useList('/groups').data ?? []
  return {
    fields: [
      { name: 'role', hintFor: (inputs) => tOr(`user.role.${String(inputs.role)}.hint`, '') },
      { name: 'display_name' },
      { name: 'email' },
      { name: 'groups', render: (control) => <Choose {...control} choices={groups.map(({ id, name }) => ({ value: id, label: name }))} /> },
      { name: 'services', render: (control) => <Choose {...control} every={t('user.every_service')} choices={personalChoices()} /> },
    ],
    groupOf: (id) => groups.find((group) => group.id === id)?.name ?? id,
  }
}
