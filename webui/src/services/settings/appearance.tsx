import { useState } from 'react'
import { chooseLanguage, currentLanguage, languages, t } from '@/i18n'
import { Field, inputLook } from '@/kit/field'
import { Card } from '@/kit/ui'
import { setTheme, theme, type Theme } from '@/shell/theme'

const themes: Theme[] = ['system', 'light', 'dark']
const nameOf = (tag: string) => new Intl.DisplayNames([tag], { type: 'language' }).of(tag) ?? tag

export function Appearance() {
  const [now, setNow] = useState(theme())
  return (
    <Card title={t('appearance.title')}>
      <div className="flex max-w-md flex-col gap-6">
        <fieldset>
          <legend className="mb-2 text-sm font-medium">{t('appearance.theme')}</legend>
          <div className="flex flex-wrap gap-4">
            {themes.map((one) => (
              <label key={one} className="flex min-h-9 items-center gap-2 text-sm">
                <input
                  type="radio"
                  name="theme"
                  className="size-4 accent-[var(--accent)]"
                  checked={now === one}
                  onChange={() => {
                    setTheme(one)
                    setNow(one)
                  }}
                />
                {t(`theme.${one}`)}
              </label>
            ))}
          </div>
        </fieldset>
        <Field label={t('appearance.language')} hint={t('appearance.language.hint')}>
          {(ids) => (
            <select {...ids} className={inputLook} value={currentLanguage()} onChange={(event) => chooseLanguage(event.target.value)}>
              {languages.map((tag) => (
                <option key={tag} value={tag}>
                  {nameOf(tag)}
                </option>
              ))}
            </select>
          )}
        </Field>
      </div>
    </Card>
  )
}
