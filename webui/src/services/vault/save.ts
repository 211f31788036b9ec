import { raw } from '@/api/client'
import { asProblem } from '@/api/problem'
import { tellProblem } from '@/kit/commit'
import { download } from '@/kit/copy'

/** What the API answers at that path, as a file. */
export async function save(at: string, name: string): Promise<void> {
  try {
    download(name, await (await raw(at)).blob())
  } catch (error) {
    tellProblem(asProblem(error))
  }
}
