import type { JSX } from 'preact';
import { ActorFields, OrderChoice, OrderField } from './order-field.tsx';
import type { OrderField as FieldName, FilledIn } from './saga-orders.ts';
import { useMessages } from './use-messages.ts';

const kinds = { result: 'json', data: 'json', evidence: 'text', minutes: 'number' } as const;

/** The fields that an action needs, then who and why. */
export function SagaOrderFields({ fields, steps, filled, wrong, change }: SagaOrderFieldsProps): JSX.Element {
  const m = useMessages();
  const labels = { result: m.resultJson, data: m.dataJson, evidence: m.evidence, minutes: m.minutes };
  return (
    <>
      {fields.map((field) =>
        field === 'step' ? (
          <OrderChoice
            key={field}
            name={field}
            label={m.step}
            value={filled.step}
            options={Object.fromEntries(steps.map((step) => [step, step]))}
            change={(step) => change({ step })}
          />
        ) : (
          <OrderField
            key={field}
            name={field}
            label={labels[field]}
            value={filled[field]}
            kind={kinds[field]}
            wrong={wrong === field ? m.fieldWrong[field] : undefined}
            change={(value) => change({ [field]: value })}
          />
        ),
      )}
      <ActorFields filled={filled} change={change} />
    </>
  );
}

export interface SagaOrderFieldsProps {
  readonly fields: readonly FieldName[];
  readonly steps: readonly string[];
  readonly filled: FilledIn;
  /** The field whose value makes no sense. */
  readonly wrong: FieldName | undefined;
  readonly change: (part: Partial<FilledIn>) => void;
}
