/** Finds expressions in the product by type, with the TypeScript checker. */
import { join } from 'node:path'
import { type Expression, type Node, SyntaxKind } from 'typescript/unstable/ast'
import {
  isAsExpression,
  isBinaryExpression,
  isElementAccessExpression,
  isNonNullExpression,
  isParenthesizedExpression,
} from 'typescript/unstable/ast/is'
import { API, TypeFlags } from 'typescript/unstable/sync'

export interface Lookup {
  /** Relative to the root of the repository. */
  readonly file: string
  readonly line: number
  readonly text: string
}

/**
 * Every `object[word]` and `word in object` whose word may be any text. Casts are ignored, because they only
 * claim a type. `files` selects among the files of the projects.
 */
export function findLookups(root: string, configs: readonly string[], files: RegExp): readonly Lookup[] {
  const api = new API({ cwd: root })
  try {
    const paths = configs.map((config) => join(root, config))
    const snapshot = api.updateSnapshot({ openProjects: paths })
    return paths.flatMap((path) => {
      const project = snapshot.getProject(path)
      if (project === undefined) throw new Error(`no project ${path}`)
      const names = project.program
        .getSourceFileNames()
        .map((name) => name.slice(root.length + 1))
        .filter((name) => files.test(name))
      return names.flatMap((name) => lookupsIn(project, root, name))
    })
  } finally {
    api.close()
  }
}

type Project = NonNullable<ReturnType<ReturnType<API['updateSnapshot']>['getProject']>>

function lookupsIn({ program, checker }: Project, root: string, file: string): readonly Lookup[] {
  const source = program.getSourceFile(join(root, file))
  if (source === undefined) throw new Error(`no source of ${file}`)
  const found: { readonly node: Node; readonly key: Expression }[] = []
  const visit = (node: Node): void => {
    const key = keyOf(node)
    if (key !== null) found.push({ node, key: bare(key) })
    node.forEachChild(visit)
  }
  visit(source)
  const types = checker.getTypeAtLocation(found.map(({ key }) => key))
  return found
    .filter((_, at) => isOpen(types[at]))
    .map(({ node }) => ({
      file,
      line: source.text.slice(0, node.getStart(source)).split('\n').length,
      text: node.getText(source).replaceAll(/\s+/g, ' '),
    }))
}

function keyOf(node: Node): Expression | null {
  if (isElementAccessExpression(node)) return node.argumentExpression
  if (isBinaryExpression(node) && node.operatorToken.kind === SyntaxKind.InKeyword) return node.left
  return null
}

function bare(key: Expression): Expression {
  let inner = key
  while (isAsExpression(inner) || isParenthesizedExpression(inner) || isNonNullExpression(inner))
    inner = inner.expression
  return inner
}

type Type = NonNullable<ReturnType<Project['checker']['getTypeAtLocation']>[number]>

function isOpen(type: Type | undefined): boolean {
  if (type === undefined) return true
  if (type.isUnionType()) return type.getTypes().some(isOpen)
  return (
    (type.flags & (TypeFlags.Any | TypeFlags.Unknown | TypeFlags.String | TypeFlags.TemplateLiteral)) !== 0
  )
}
