// The condition of "Only items where", in the words of gust table scan --filter (docs/guide/tables.md), as an expression of
// the service. Of its own are ~ for contains, and text without quotes: plays = 3, or song ~ Man. What is not understood
// is an error, never a condition that holds.
import type { Item } from '../../api/dynamodb';

export interface Filter {
  expression: string;
  names: Record<string, string>;
  values: Item;
}
export class FilterError extends Error {}

type Kind = 'name' | 'text' | 'word' | 'sign' | 'end';
interface Token {
  kind: Kind;
  text: string;
  at: number; // where it begins
}

const TOKEN = /\s*(?:"((?:[^"]|"")*)"|'((?:[^']|'')*)'|(==|!=|<>|<=|>=|[=<>~()[\],])|([^\s"'=<>!~()[\],]+))/y;
const SIGNS: Record<string, string> = { '=': '=', '==': '=', '!=': '<>', '<>': '<>', '<': '<', '<=': '<=', '>': '>', '>=': '>=', '~': '~' };
const KEYWORDS = /^(AND|OR|NOT|BETWEEN|IN|IS)$/i;
const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;
const HOW = 'as in: plays >= 3 AND song ~ Man';

function tokensOf(text: string): Token[] {
  const out: Token[] = [];
  TOKEN.lastIndex = 0;
  for (let at = 0; text.slice(at).trim(); at = TOKEN.lastIndex) {
    const found = TOKEN.exec(text);
    if (!found) {
      const rest = text.slice(at).trim();
      throw new FilterError(/^["']/.test(rest) ? `${rest}: the quote has no end` : `'${rest}' is not understood; expected a condition, ${HOW}`);
    }
    const [, name, quoted, sign, word] = found;
    const kind = name !== undefined ? 'name' : quoted !== undefined ? 'text' : sign !== undefined ? 'sign' : 'word';
    const inside = name?.replaceAll('""', '"') ?? quoted?.replaceAll("''", "'") ?? sign ?? word;
    out.push({ kind, text: inside, at: TOKEN.lastIndex - found[0].trimStart().length });
  }
  out.push({ kind: 'end', text: '', at: text.length });
  return out;
}

class Parser {
  private readonly tokens: Token[];
  private at = 0;
  private readonly names: Record<string, string> = {};
  private readonly values: Item = {};

  constructor(private readonly text: string) {
    this.tokens = tokensOf(text);
  }

  filter(): Filter {
    const expression = this.any();
    if (this.peek().kind !== 'end') this.fail(`expected AND, OR or the end; text of several words that has one of these goes in single quotes`);
    return { expression, names: this.names, values: this.values };
  }

  private any(): string {
    let out = this.all();
    while (this.takeWord('OR')) out += ` OR ${this.all()}`;
    return out;
  }

  private all(): string {
    let out = this.one();
    while (this.takeWord('AND')) out += ` AND ${this.one()}`;
    return out;
  }

  private one(): string {
    if (this.takeWord('NOT')) return `NOT ${this.one()}`;
    if (this.take('(')) {
      const inside = this.any();
      this.expect(')');
      return `(${inside})`;
    }
    const call = this.peek().kind === 'word' && this.peek(1).text === '(' && this.peek(1).kind === 'sign';
    return call ? this.call() : this.comparison();
  }

  private call(): string {
    const called = this.peek();
    const name = this.next().text.toLowerCase();
    if (name === 'size') {
      this.at -= 1;
      return this.comparison();
    }
    if (name !== 'contains' && name !== 'begins_with') this.fail('expected contains(NAME, VALUE), begins_with(NAME, VALUE) or size(NAME)', called);
    this.expect('(');
    const path = this.path();
    this.expect(',');
    const values = this.value();
    this.expect(')');
    return eitherOf(values.map((value) => `${name}(${path}, ${value})`));
  }

  private comparison(): string {
    let measured = false;
    if (this.peek().text.toLowerCase() === 'size' && this.peek(1).text === '(') {
      this.at += 2;
      measured = true;
    }
    const begins = this.peek();
    const path = measured ? `size(${this.path()})` : this.path();
    if (measured) this.expect(')');
    if (this.takeWord('IS')) {
      const not = this.takeWord('NOT');
      if (this.takeWord('MISSING')) return `${not ? 'attribute_exists' : 'attribute_not_exists'}(${path})`;
      if (!this.takeWord('NULL')) this.fail('expected IS MISSING, IS NULL or one of these with NOT');
      return `${not ? 'NOT ' : ''}attribute_type(${path}, ${this.put({ S: 'NULL' })})`;
    }
    const not = this.takeWord('NOT');
    if (this.takeWord('BETWEEN')) {
      const [from] = this.value('ordered');
      this.expectWord('AND');
      const [to] = this.value('ordered');
      return `${not ? 'NOT ' : ''}${path} BETWEEN ${from} AND ${to}`;
    }
    if (this.takeWord('IN')) return `${not ? 'NOT ' : ''}${path} IN (${this.list().join(', ')})`;
    const sign = this.next();
    const compares = sign.kind === 'sign' ? SIGNS[sign.text] : undefined;
    if (!compares || not) this.fail(`expected one of = != < <= > >= ~ behind '${begins.text}', ${HOW}`, sign);
    if (compares === '~') return eitherOf(this.value().map((value) => `contains(${path}, ${value})`));
    const ordered = measured || (compares !== '=' && compares !== '<>');
    const each = this.value(ordered ? 'ordered' : 'any').map((value) => `${path} ${compares} ${value}`);
    return compares === '<>' ? (each.length > 1 ? `(${each.join(' AND ')})` : each[0]) : eitherOf(each);
  }

  private list(): string[] {
    const close = this.take('[') ? ']' : this.expect('(') && ')';
    const out = this.value();
    while (this.take(',')) out.push(...this.value());
    this.expect(close as string);
    return out;
  }

  /** A name, or several with dots; in double quotes a name is as it is. */
  private path(): string {
    const first = this.next();
    if (first.kind !== 'name' && (first.kind !== 'word' || KEYWORDS.test(first.text))) this.fail(`expected the name of an attribute, ${HOW}`, first);
    let out = '';
    const parts = first.kind === 'name' ? [first.text] : first.text.split('.');
    for (const part of parts) out += (out ? '.' : '') + this.name(part, first);
    for (;;) {
      if (this.take('[')) {
        const index = this.next();
        if (!/^\d+$/.test(index.text)) this.fail('expected a number, as in tags[0]', index);
        this.expect(']');
        out += `[${index.text}]`;
      } else if (this.peek().kind === 'word' && this.peek().text.startsWith('.') && this.joined()) {
        const more = this.next();
        const names = more.text.slice(1).split('.');
        if (more.text === '.') out += `.${this.name(this.next().text, more)}`;
        else for (const part of names) out += `.${this.name(part, more)}`;
      } else return out;
    }
  }

  private name(name: string, token: Token): string {
    if (!name) this.fail('expected the name of an attribute', token);
    const known = Object.entries(this.names).find(([, of]) => of === name)?.[0];
    const short = known ?? `#f${Object.keys(this.names).length}`;
    this.names[short] = name;
    return short;
  }

  /** What is compared with, of each type that it may be: 3 is a number, and text that reads so. */
  private value(order: 'any' | 'ordered' = 'any'): string[] {
    const first = this.next();
    if (first.kind === 'text') return [this.put({ S: first.text })];
    if (first.kind !== 'word' || KEYWORDS.test(first.text)) this.fail('expected a value: a number, or text, which may have single quotes', first);
    if (first.text === 'true' || first.text === 'false') return [this.put({ BOOL: first.text === 'true' }), this.put({ S: first.text })];
    if (first.text === 'null') return [this.put({ NULL: true }), this.put({ S: first.text })];
    let end = first;
    while (this.peek().kind === 'word' && !KEYWORDS.test(this.peek().text)) end = this.next();
    const text = this.text.slice(first.at, end.at + end.text.length);
    if (!NUMBER.test(text)) return [this.put({ S: text })];
    return order === 'ordered' ? [this.put({ N: text })] : [this.put({ S: text }), this.put({ N: text })];
  }

  private put(value: Item[string]): string {
    const name = `:f${Object.keys(this.values).length}`;
    this.values[name] = value;
    return name;
  }

  private peek(ahead = 0): Token {
    return this.tokens[Math.min(this.at + ahead, this.tokens.length - 1)];
  }
  private next(): Token {
    const token = this.peek();
    this.at += 1;
    return token;
  }
  /** Nothing is between this token and the one before. */
  private joined(): boolean {
    return !/\s/.test(this.text[this.peek().at - 1] ?? ' ');
  }
  private take(sign: string): boolean {
    const there = this.peek().kind === 'sign' && this.peek().text === sign;
    if (there) this.at += 1;
    return there;
  }
  private takeWord(word: string): boolean {
    const there = this.peek().kind === 'word' && this.peek().text.toUpperCase() === word;
    if (there) this.at += 1;
    return there;
  }
  private expect(sign: string): true {
    if (!this.take(sign)) this.fail(`expected ${sign}`);
    return true;
  }
  private expectWord(word: string) {
    if (!this.takeWord(word)) this.fail(`expected ${word}`);
  }
  private fail(expected: string, token = this.peek()): never {
    throw new FilterError(token.kind === 'end' ? `The condition ends too early: ${expected}.` : `'${token.text}' is not understood here: ${expected}.`);
  }
}

const eitherOf = (each: string[]) => (each.length > 1 ? `(${each.join(' OR ')})` : each[0]);

export const filterOf = (text: string): Filter | undefined => (text.trim() ? new Parser(text).filter() : undefined);
