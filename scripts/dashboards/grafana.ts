/** What a panel says; everything else of Grafana's JSON follows from it. */
export interface Panel {
  readonly title: string
  readonly description: string
  /** Grafana's name of the unit: s, reqps, short, percentunit, bytes, none. */
  readonly unit: string
  /**
   * PromQL and legend per query. `$m` stands for the matchers that every query has; write it inside of the braces.
   */
  readonly queries: readonly (readonly [expression: string, legend: string])[]
  readonly kind?: 'timeseries' | 'stat' | 'heatmap'
  /** Equal to the limit of the alert, if there is one. */
  readonly threshold?: number
  /** Width in Grafana's 24 columns. */
  readonly width?: number
}

export interface Row {
  readonly title: string
  readonly panels: readonly Panel[]
}

export interface Dashboard {
  /** Name of the file and end of the uid; never changes. */
  readonly name: string
  readonly title: string
  readonly description: string
  readonly rows: readonly Row[]
}

const MATCHERS = 'job=~"$job",instance=~"$instance"'
const HEIGHT = 8
const COLUMNS = 24
const datasource = { type: 'prometheus', uid: '$' + '{datasource}' }

const variable = (name: string, label: string, query: string) => ({
  name,
  label,
  type: 'query',
  datasource,
  query: { query, refId: name },
  definition: query,
  refresh: 2,
  multi: true,
  includeAll: true,
  allValue: '.+',
  current: { text: 'All', value: '$__all' },
  sort: 1,
})

const templating = {
  list: [
    {
      name: 'datasource',
      label: 'Data source',
      type: 'datasource',
      query: 'prometheus',
      current: {},
      refresh: 1,
    },
    variable('job', 'Job', 'label_values(ipsmgw_build_info, job)'),
    variable('instance', 'Instance', 'label_values(ipsmgw_build_info{job=~"$job"}, instance)'),
  ],
}

const target = ([expression, legend]: Panel['queries'][number], index: number, kind: Panel['kind']) => ({
  refId: String.fromCharCode(65 + index),
  datasource,
  expr: expression.replaceAll('$m', MATCHERS),
  legendFormat: legend,
  ...(kind === 'heatmap' && { format: 'heatmap' }),
  ...(kind === 'stat' && { instant: true }),
})

const thresholds = (limit: number | undefined) => ({
  mode: 'absolute',
  steps: [{ color: 'green', value: null }, ...(limit === undefined ? [] : [{ color: 'red', value: limit }])],
})

const options = {
  timeseries: {
    legend: { displayMode: 'list', placement: 'bottom', showLegend: true },
    tooltip: { mode: 'multi', sort: 'desc' },
  },
  stat: { colorMode: 'value', graphMode: 'area', reduceOptions: { calcs: ['lastNotNull'] } },
  heatmap: { calculate: false, yAxis: { unit: 's' }, color: { scheme: 'Oranges', mode: 'scheme' } },
} as const

function panel(it: Panel, id: number, x: number, y: number) {
  const kind = it.kind ?? 'timeseries'
  return {
    id,
    type: kind,
    title: it.title,
    description: it.description,
    datasource,
    gridPos: { x, y, w: it.width ?? COLUMNS / 2, h: HEIGHT },
    fieldConfig: {
      defaults: {
        unit: it.unit,
        min: 0,
        thresholds: thresholds(it.threshold),
        ...(kind === 'timeseries' && {
          custom: {
            fillOpacity: 10,
            showPoints: 'never',
            thresholdsStyle: { mode: it.threshold === undefined ? 'off' : 'line' },
          },
        }),
      },
      overrides: [],
    },
    options: options[kind],
    targets: it.queries.map((query, index) => target(query, index, kind)),
  }
}

function layout(rows: readonly Row[]): object[] {
  const placed: object[] = []
  let y = 0
  for (const row of rows) {
    placed.push({
      id: placed.length + 1,
      type: 'row',
      title: row.title,
      collapsed: false,
      gridPos: { x: 0, y, w: COLUMNS, h: 1 },
      panels: [],
    })
    y += 1
    let x = 0
    for (const it of row.panels) {
      const width = it.width ?? COLUMNS / 2
      if (x + width > COLUMNS) {
        x = 0
        y += HEIGHT
      }
      placed.push(panel(it, placed.length + 1, x, y))
      x += width
    }
    y += HEIGHT
  }
  return placed
}

/** Grafana's JSON of a dashboard: equal definitions give equal text. */
export function toGrafana({ name, title, description, rows }: Dashboard): object {
  return {
    uid: `ipsmgw-${name}`,
    title: `ipsmgw / ${title}`,
    description,
    tags: ['ipsmgw'],
    schemaVersion: 39,
    version: 1,
    editable: false,
    graphTooltip: 1,
    refresh: '30s',
    time: { from: 'now-1h', to: 'now' },
    timezone: 'browser',
    links: [
      {
        type: 'dashboards',
        title: 'ipsmgw',
        tags: ['ipsmgw'],
        asDropdown: true,
        includeVars: true,
        keepTime: true,
      },
    ],
    annotations: {
      list: [
        {
          name: 'Version',
          datasource,
          enable: true,
          iconColor: 'blue',
          expr: `sum by (version) (ipsmgw_build_info{${MATCHERS}}) unless sum by (version) (ipsmgw_build_info{${MATCHERS}} offset 1m)`,
          titleFormat: 'version {{version}}',
        },
      ],
    },
    templating,
    panels: layout(rows),
  }
}

/** Queries that many panels need. */
export const rate = (metric: string, by: string, matchers = '') =>
  `sum by (${by}) (rate(${metric}{$m${matchers}}[$__rate_interval]))`
export const quantile = (q: number, metric: string, by: string, matchers = '') =>
  `histogram_quantile(${q}, sum by (le${by === '' ? '' : `, ${by}`}) (rate(${metric}_bucket{$m${matchers}}[$__rate_interval])))`
export const heat = (metric: string, matchers = '') =>
  `sum by (le) (rate(${metric}_bucket{$m${matchers}}[$__rate_interval]))`
