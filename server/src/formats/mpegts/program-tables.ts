/**
 * Follows PAT and PMTs, through new versions and sections in any order, and tells which streams to read.
 *
 * Of several programs it is the first, in the order of the PAT, that has a stream we know; once chosen it stays as long
 * as the PAT lists it.
 */
import { SectionReader } from './section-reader.ts';
import { type ElementaryStream, parsePat, parsePmt, type Section, TABLE_ID } from './tables.ts';

export interface ProgramTablesEvents {
  /** Sections are read from this pid from now on, or no more. */
  onTablePid(pid: number, reader: SectionReader | undefined): void;
  /** The streams of the program in use have changed. */
  onStreams(streams: readonly ElementaryStream[]): void;
  isKnown(stream: ElementaryStream): boolean;
}

interface Program {
  readonly reader: SectionReader;
  /** The section as it came, to notice a new one. */
  bytes: Buffer;
  streams: readonly ElementaryStream[];
}

const MAX_PROGRAMS = 64;

/** Makes the reader of pid 0. */
export function createProgramTables({ onTablePid, onStreams, isKnown }: ProgramTablesEvents): SectionReader {
  const programs = new Map<number, Program>();
  let order: readonly number[] = [];
  let chosen: number | undefined;
  let patVersion = -1;
  const patSections = new Map<number, number[]>();

  const choose = (): void => {
    const pid =
      chosen !== undefined && programs.has(chosen)
        ? chosen
        : order.find((candidate) => programs.get(candidate)?.streams.some(isKnown));
    chosen = pid;
    if (pid !== undefined) onStreams(programs.get(pid)!.streams);
  };

  const takeProgramMap = (program: Program, section: Section, bytes: Buffer): void => {
    if (section.tableId !== TABLE_ID.pmt || !section.current || bytes.equals(program.bytes)) return;
    const map = parsePmt(section.body);
    if (!map) {
      program.reader.corrupt++;
      return;
    }
    program.bytes = Buffer.from(bytes);
    program.streams = map.streams;
    choose();
  };

  const addProgram = (pid: number): void => {
    const program: Program = {
      reader: new SectionReader((section, bytes) => takeProgramMap(program, section, bytes)),
      bytes: Buffer.alloc(0),
      streams: [],
    };
    programs.set(pid, program);
    onTablePid(pid, program.reader);
  };

  const takePrograms = (pids: readonly number[]): void => {
    for (const pid of programs.keys()) {
      if (pids.includes(pid)) continue;
      programs.delete(pid);
      onTablePid(pid, undefined);
    }
    order = pids;
    for (const pid of pids) if (!programs.has(pid) && programs.size < MAX_PROGRAMS) addProgram(pid);
    if (chosen !== undefined && !programs.has(chosen)) choose();
  };

  return new SectionReader(({ tableId, current, version, number, lastNumber, body }) => {
    if (tableId !== TABLE_ID.pat || !current) return;
    if (version !== patVersion) patSections.clear();
    patVersion = version;
    patSections.set(number, parsePat(body));
    const numbers = Array.from({ length: lastNumber + 1 }, (_, index) => index);
    if (!numbers.every((index) => patSections.has(index))) return;
    takePrograms([...new Set(numbers.flatMap((index) => patSections.get(index)!))]);
  });
}
