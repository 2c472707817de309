// The software bill of materials of an image: CycloneDX 1.5 JSON, made from the lockfile's entries that went in.
// Nothing random and no date: equal contents give equal bills.

const purl = (name, version) => `pkg:npm/${name.replace('@', '%40')}@${version}`

/** `sha512-...` of the lockfile as CycloneDX hashes. */
const hashesOf = (integrity) =>
  (integrity ?? '')
    .split(' ')
    .filter((it) => it.startsWith('sha512-'))
    .map((it) => ({ alg: 'SHA-512', content: Buffer.from(it.slice(7), 'base64').toString('hex') }))

const licensesOf = (license) => {
  if (typeof license !== 'string') return []
  return /^[\w.+-]+$/.test(license) ? [{ license: { id: license } }] : [{ expression: license }]
}

/** An npm package as a component. */
export function npmComponent({ name, version, integrity, license }) {
  const reference = purl(name, version)
  return {
    type: 'library',
    'bom-ref': reference,
    name,
    version,
    purl: reference,
    hashes: hashesOf(integrity),
    licenses: licensesOf(license),
  }
}

/** A Debian package as a component. */
export const debianComponent = ({ name, version, architecture }) => {
  const reference = `pkg:deb/debian/${name}@${encodeURIComponent(version)}?arch=${architecture}`
  return { type: 'library', 'bom-ref': reference, name, version, purl: reference }
}

/** The bill of an image called `name`. */
export function bill(name, version, components) {
  const byReference = new Map(components.map((it) => [it['bom-ref'], it]))
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: {
      component: { type: 'container', 'bom-ref': `ipsmgw/${name}`, name: `ipsmgw/${name}`, version },
    },
    components: [...byReference.values()].sort((a, b) => (a['bom-ref'] < b['bom-ref'] ? -1 : 1)),
  }
}
