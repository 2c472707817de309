// The root file system under every image: Node as the lockfile pins it, the shared libraries it loads, tini, CA
// certificates, and the few files of /etc that name look-ups and `USER` need. No shell, no package manager.
// Usage, in the build stage: node scripts/image-root.mjs OUT
import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const out = process.argv[2]

const put = (from, to) => {
  mkdirSync(dirname(join(out, to)), { recursive: true })
  copyFileSync(realpathSync(from), join(out, to))
}

const node = join(root, 'node_modules', `node-linux-${process.arch}`, 'bin', 'node')
put(node, 'usr/bin/node')
chmodSync(join(out, 'usr/bin/node'), 0o755)
const libraries = execFileSync('ldd', [node], { encoding: 'utf8' }).match(/\/lib\S+/g)
// Native add-ons and name look-ups load these at run time.
const atRunTime = ['libresolv.so.2', 'librt.so.1'].map((name) => join(dirname(libraries[0]), name))
for (const library of [...libraries, ...atRunTime]) put(library, library)
put('/usr/bin/tini-static', 'usr/bin/tini')
put('/etc/ssl/certs/ca-certificates.crt', 'etc/ssl/certs/ca-certificates.crt')
writeFileSync(join(out, 'etc/passwd'), 'root:x:0:0::/:/\nnonroot:x:65532:65532::/:/\n')
writeFileSync(join(out, 'etc/group'), 'root:x:0:\nnonroot:x:65532:\n')
writeFileSync(join(out, 'etc/nsswitch.conf'), 'hosts: files dns\n')
mkdirSync(join(out, 'tmp'))
chmodSync(join(out, 'tmp'), 0o1777)
