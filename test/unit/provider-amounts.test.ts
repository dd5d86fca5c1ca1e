import { array, assert, bigInt, constantFrom, property, record } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { majorFee, majorMoney, majorText } from '../../src/modules/providers/decimal.js';
import { parseExact } from '../../src/modules/providers/exact-json.js';
import { paystackMoney, paystackUnits } from '../../src/modules/providers/paystack.money.js';

const anyMoney = record({
  minor: bigInt({ min: 0n, max: 10n ** 15n }),
  currency: constantFrom('NGN', 'GHS', 'KES', 'ZAR', 'UGX', 'XOF', 'USD'),
});

describe('amounts on their way to a provider and back', () => {
  it('are the same to the last minor unit, in major units and in those of Paystack', () => {
    assert(
      property(anyMoney, (money) => {
        expect(majorMoney(majorText(money), money.currency)).toEqual(money);
        const data = parseExact(`{"amount":${paystackUnits(money)},"currency":"${money.currency}"}`);
        expect(paystackMoney(data, 'amount')).toEqual(money);
      }),
    );
  });

  it('are written as people write them', () => {
    expect(majorText({ minor: 5n, currency: 'NGN' })).toBe('0.05');
    expect(majorText({ minor: 550_000n, currency: 'NGN' })).toBe('5500');
    expect(majorText({ minor: 550_010n, currency: 'NGN' })).toBe('5500.1');
    expect(majorText({ minor: 5n, currency: 'UGX' })).toBe('5');
    expect(paystackUnits({ minor: 5n, currency: 'NGN' })).toBe(5n);
    expect(paystackUnits({ minor: 5n, currency: 'XOF' })).toBe(500n);
  });

  it.each(['', '-1', '1e3', '1.', '.5', ' 1', '1,000', '0x10', 'NaN', '1.005', '12345678901234567'])(
    'are not read from "%s"',
    (text) => expect(majorMoney(text, 'NGN')).toBeUndefined(),
  );

  it('are not read in a currency that is not traded, nor finer than it is', () => {
    expect(majorMoney('1', 'EUR')).toBeUndefined();
    expect(majorMoney('1.5', 'UGX')).toBeUndefined();
    expect(majorMoney('1.50', 'NGN')).toEqual({ minor: 150n, currency: 'NGN' });
    expect(paystackMoney({ amount: '150', currency: 'XOF' }, 'amount')).toBeUndefined();
  });

  it('round a fee that is finer than there are coins up', () => {
    expect(majorFee('26.875', 'NGN')).toEqual({ minor: 2_688n, currency: 'NGN' });
    expect(majorFee('26.8700', 'NGN')).toEqual({ minor: 2_687n, currency: 'NGN' });
    expect(majorFee('10.75', 'UGX')).toEqual({ minor: 11n, currency: 'UGX' });
  });

  it('keep every digit of a JSON number, also beyond what a float holds', () => {
    const text = '{"a":12345678901234567890.12,"b":[1e2,-3],"c":"9 \\" 9","d":null,"e":true}';
    expect(parseExact(text)).toEqual({ a: '12345678901234567890.12', b: ['1e2', '-3'], c: '9 " 9', d: null, e: true });
    assert(
      property(array(bigInt({ min: -(10n ** 30n), max: 10n ** 30n })), (numbers) => {
        expect(parseExact(`[${numbers.join(' , ')}]`)).toEqual(numbers.map(String));
      }),
    );
    for (const broken of ['{"a":1', '{a:1}', '1 2', '{"a":1x}']) expect(() => parseExact(broken)).toThrow(SyntaxError);
  });
});
