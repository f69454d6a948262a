import { IconArrowDown, IconArrowUp } from '@tabler/icons-react';
import { memo, useEffect, useImperativeHandle, useRef, type CSSProperties, type MouseEvent, type ReactNode, type Ref } from 'react';
import { BareBox } from './CheckBox';
import classes from './dataTable.module.css';
import { useBigScroll } from './useBigScroll';

const HEAD_PX = 36;
const PICK_PX = 44;

export interface Column<Row> {
  id: string;
  label: string;
  /** Least width in pixels; what is left over goes to the columns by `grow`. */
  width: number;
  grow?: number;
  end?: boolean;
  /** Sort order to ask for when the head is pressed. */
  sortKey?: string;
  cell: (row: Row) => ReactNode;
}

export interface Picking {
  has: (id: string) => boolean;
  toggle: (index: number, range: boolean) => void;
  /** State of the box in the head. */
  all: boolean | 'some';
  toggleAll: () => void;
  labelAll: string;
  label: (name: string) => string;
}

export interface TableHandle { reveal: (index: number) => void; focus: () => void }

interface TableProps<Row> {
  label: string;
  columns: Column<Row>[];
  count: number;
  rowAt: (index: number) => Row | undefined;
  idOf: (row: Row) => string;
  nameOf: (row: Row) => string;
  rowPx: number;
  /** Row that the keyboard is on; -1 for none. */
  cursor: number;
  picking?: Picking | undefined;
  /** `-created` and the like: a minus in front is descending. */
  sort?: string;
  onSort?: (sort: string) => void;
  onRange: (first: number, last: number) => void;
  onOpen: (row: Row, index: number) => void;
  /** The pointer came in, or the keyboard: time to load what a jump will need. */
  onNear?: () => void;
  handle?: Ref<TableHandle>;
}

const template = <Row,>(columns: Column<Row>[], picking: boolean): string =>
  [picking ? `${PICK_PX}px` : '', ...columns.map(({ width, grow }) => (grow ? `minmax(${width}px, ${grow}fr)` : `${width}px`))].join(' ');

const least = <Row,>(columns: Column<Row>[], picking: boolean): number => columns.reduce((sum, column) => sum + column.width, picking ? PICK_PX : 0);

function Head<Row>({ columns, sort, onSort, picking }: Pick<TableProps<Row>, 'columns' | 'sort' | 'onSort' | 'picking'>) {
  return (
    <div role="row" aria-rowindex={1} className={classes.head}>
      {picking && (
        <div role="columnheader" className={classes.pick}>
          <BareBox label={picking.labelAll} checked={picking.all} onChange={picking.toggleAll} />
        </div>
      )}
      {columns.map((column) => {
        const { sortKey } = column;
        const by = sortKey !== undefined && sort?.replace('-', '') === sortKey ? (sort.startsWith('-') ? 'descending' : 'ascending') : undefined;
        const Arrow = by === 'descending' ? IconArrowDown : IconArrowUp;
        return (
          <div key={column.id} role="columnheader" className={classes.headCell} data-column={column.id} data-end={column.end || undefined} aria-sort={sortKey ? (by ?? 'none') : undefined}>
            {sortKey && onSort ? (
              <button type="button" className={classes.sort} onClick={() => onSort(sort === sortKey ? `-${sortKey}` : by ? sortKey : sortKey === 'created' ? '-created' : sortKey)}>
                {column.label}
                <Arrow size={14} aria-hidden className={by ? undefined : classes.unsorted} />
              </button>
            ) : <span>{column.label}</span>}
          </div>
        );
      })}
    </div>
  );
}

interface LineProps<Row> {
  row: Row | undefined;
  name: string;
  index: number;
  top: number;
  px: number;
  columns: Column<Row>[];
  cursor: boolean;
  picked: boolean;
  picking: Picking | undefined;
  onOpen: (row: Row, index: number) => void;
}

/** A click anywhere in a row opens it, except on what does something of its own, or while text is being selected. */
const own = (event: MouseEvent): boolean =>
  (event.target instanceof Element && event.target.closest('a,button,input,label') !== null) || (getSelection()?.toString() ?? '') !== '' || event.metaKey || event.ctrlKey;

function LineOf<Row>({ row, name, index, top, px, columns, cursor, picked, picking, onOpen }: LineProps<Row>) {
  const style: CSSProperties = { height: px, transform: `translateY(${top}px)` };
  const at = index + 2;
  if (row === undefined) {
    return (
      <div role="row" aria-rowindex={at} aria-busy className={classes.row} style={style}>
        {picking && <div role="cell" className={classes.pick} />}
        {columns.map((column, place) => (
          <div key={column.id} role="cell" className={classes.cell}>
            <div className="skeleton" style={{ height: 10, width: `${35 + ((index * 7 + place * 13) % 40)}%` }} />
          </div>
        ))}
      </div>
    );
  }
  return (
    <div role="row" tabIndex={-1} aria-rowindex={at} aria-selected={picking ? picked : undefined} data-row={index} data-cursor={cursor || undefined} data-picked={picked || undefined} className={classes.row} style={style}
      onClick={(event) => own(event) || onOpen(row, index)} onKeyDown={(event) => event.key === 'Enter' && event.target === event.currentTarget && onOpen(row, index)}>
      {picking && (
        <div role="cell" className={classes.pick}>
          <span className={classes.pickArea}>
            <BareBox label={picking.label(name)} checked={picked} onChange={(event) => picking.toggle(index, 'shiftKey' in event.nativeEvent && event.nativeEvent.shiftKey === true)} />
          </span>
        </div>
      )}
      {columns.map((column) => (
        <div key={column.id} role="cell" className={classes.cell} data-column={column.id} data-end={column.end || undefined}>{column.cell(row)}</div>
      ))}
    </div>
  );
}

const Line = memo(LineOf) as typeof LineOf;

/** A table of any length: only rows in view are drawn, the scroll bar spans all of them, the head stays. */
export function DataTable<Row>({ label, columns, count, rowAt, idOf, nameOf, rowPx, cursor, picking, sort, onSort, onRange, onOpen, onNear, handle }: TableProps<Row>) {
  const box = useRef<HTMLDivElement>(null);
  const { items, height, shift, reveal } = useBigScroll(box, count, rowPx, HEAD_PX);
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => onRange(first, last), [first, last, onRange]);
  useImperativeHandle(handle, () => ({ reveal, focus: () => box.current?.focus() }), [reveal]);
  const style = { '--columns': template(columns, Boolean(picking)), '--least': `${least(columns, Boolean(picking))}px` } as CSSProperties;
  return (
    <div ref={box} className={classes.table} role="grid" aria-label={label} aria-rowcount={count + 1} aria-multiselectable={picking ? true : undefined} tabIndex={0} style={style} onPointerEnter={onNear} onFocus={onNear} data-picking={picking ? true : undefined}>
      <div role="rowgroup" className={classes.headGroup}>
        <Head columns={columns} sort={sort} onSort={onSort} picking={picking} />
      </div>
      <div role="rowgroup" className={classes.rows} style={{ height }}>
        {items.map(({ index, start }) => {
          const row = rowAt(index);
          return (
            <Line key={index} row={row} name={row === undefined ? '' : nameOf(row)} index={index} top={start + shift} px={rowPx} columns={columns} cursor={index === cursor}
              picked={row !== undefined && (picking?.has(idOf(row)) ?? false)} picking={picking} onOpen={onOpen} />
          );
        })}
      </div>
    </div>
  );
}
