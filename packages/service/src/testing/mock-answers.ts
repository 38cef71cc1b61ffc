import type { Call, Handler } from '@dure/core';
import { isRefusal, stack } from '@dure/core';
import { silentTelemetry } from '@dure/telemetry';
import type { AnyContract, HandlerInput, HandlerOutput, HttpOperation, HttpSpec } from '../contract/index.ts';
import { isBytes } from '../contract/index.ts';
import { serviceErrors } from '../errors.ts';
import { checkedOutput, validated } from '../server/inbound-layers.ts';

/** How a mock answers an operation: with a value, by a refusal or an error, or by a function of the input. */
export type MockAnswer<S extends HttpSpec> =
  | HandlerOutput<S>
  | Error
  | ((input: HandlerInput<S>, call: Call) => HandlerOutput<S> | Promise<HandlerOutput<S>>);

/** Answers for some of a contract's operations. */
export type MockAnswers<C extends AnyContract> = {
  readonly [Name in keyof C['operations']]?: C['operations'][Name] extends HttpOperation<infer S>
    ? MockAnswer<S>
    : never;
};

/** A call that a mock has received. */
export interface MockedCall<S extends HttpSpec = HttpSpec> {
  /** As it would have arrived. */
  readonly input: HandlerInput<S>;
  readonly call: Call;
}

/** Calls that mocks have received, by operation. */
export type MockedCalls = Map<string, MockedCall[]>;

const telemetry = silentTelemetry();

/**
 * The handler of a mocked operation: notes the call, checks input and output against the contract, answers.
 * SERVICE_NOT_MOCKED when there is no answer.
 */
export function mockHandler(operation: HttpOperation, answers: object, calls: MockedCalls): Handler<unknown, unknown> {
  const { service, name, spec } = operation;
  const received: MockedCall[] = [];
  calls.set(name, received);
  const answer: Handler<unknown, unknown> = async (input, call) => {
    received.push({ input: input as MockedCall['input'], call });
    if (!(name in answers))
      throw serviceErrors.NOT_MOCKED(
        `${service}.${name} was called, but the mock answers ${Object.keys(answers).join(', ') || 'nothing'}`,
        { details: { operation: `${service}.${name}` } },
      );
    const given: unknown = (answers as Readonly<Record<string, unknown>>)[name];
    if (given instanceof Error) throw given;
    return typeof given === 'function' ? (given(input, call) as unknown) : given;
  };
  return stack(
    validated(spec),
    onlyDeclared(operation),
    checkedOutput(operation, { strictOutput: true, telemetry }),
  )(answer);
}

/** What came over the network: nothing shared, nothing undefined; streams flow as they are. */
export function afterNetwork({ output, stream }: HttpSpec, value: unknown): unknown {
  if (value === undefined || stream === true || isBytes(output)) return value;
  return JSON.parse(JSON.stringify(value)) as unknown;
}

function onlyDeclared({ service, name, spec }: HttpOperation) {
  return (next: Handler<unknown, unknown>): Handler<unknown, unknown> =>
    async (input, call) => {
      try {
        return await next(input, call);
      } catch (error) {
        if (!isRefusal(error) || (error.service === service && error.code in (spec.refuses ?? {}))) throw error;
        const declared = Object.keys(spec.refuses ?? {}).join(', ') || 'none';
        throw serviceErrors.OUTPUT_INVALID(
          `the mock of ${service}.${name} refuses with ${error.service}'s "${error.code}"; declared: ${declared}`,
          { cause: error },
        );
      }
    };
}
