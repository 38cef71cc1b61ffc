import type { JSX } from 'preact';
import { Icon } from '../design/icons.tsx';
import type { FilledIn, OrderField } from './saga-orders.ts';
import { useMessages } from './use-messages.ts';

/** The fields that an action needs, then who and why. */
export function SagaOrderFields({ fields, steps, filled, wrong, change }: SagaOrderFieldsProps): JSX.Element {
  const m = useMessages();
  const labels = { result: m.resultJson, data: m.dataJson, evidence: m.evidence, minutes: m.minutes };
  return (
    <>
      {fields.map((field) =>
        field === 'step' ? (
          <StepChoice key={field} steps={steps} value={filled.step} change={(step) => change({ step })} />
        ) : (
          <Field
            key={field}
            name={field}
            label={labels[field]}
            value={filled[field]}
            wrong={wrong === field ? m.fieldWrong[field] : undefined}
            change={(value) => change({ [field]: value })}
          />
        ),
      )}
      {(['by', 'why'] as const).map((field) => (
        <Field
          key={field}
          name={field}
          label={m[field]}
          value={filled[field]}
          wrong={undefined}
          change={(value) => change({ [field]: value })}
        />
      ))}
    </>
  );
}

export interface SagaOrderFieldsProps {
  readonly fields: readonly OrderField[];
  readonly steps: readonly string[];
  readonly filled: FilledIn;
  /** The field whose value makes no sense. */
  readonly wrong: OrderField | undefined;
  readonly change: (part: Partial<FilledIn>) => void;
}

function StepChoice({ steps, value, change }: StepChoiceProps): JSX.Element {
  const m = useMessages();
  return (
    <div class="field">
      <label for="order-step">{m.step}</label>
      <select
        class="select"
        id="order-step"
        value={value}
        onChange={({ currentTarget }) => change(currentTarget.value)}
      >
        {steps.map((step) => (
          <option key={step} value={step}>
            {step}
          </option>
        ))}
      </select>
    </div>
  );
}

interface StepChoiceProps {
  readonly steps: readonly string[];
  readonly value: string;
  readonly change: (step: string) => void;
}

function Field({ name, label, value, wrong, change }: FieldProps): JSX.Element {
  const id = `order-${name}`;
  const shared = {
    id,
    value,
    'aria-invalid': wrong !== undefined,
    'aria-describedby': wrong === undefined ? undefined : `${id}-wrong`,
  };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {name === 'result' || name === 'data' ? (
        <textarea
          {...shared}
          class="input saga-json-input"
          rows={4}
          spellcheck={false}
          onInput={({ currentTarget }) => change(currentTarget.value)}
        />
      ) : (
        <input
          {...shared}
          class="input"
          inputMode={name === 'minutes' ? 'decimal' : 'text'}
          autoComplete={name === 'by' ? 'username' : 'off'}
          required
          maxLength={1_000}
          onInput={({ currentTarget }) => change(currentTarget.value)}
        />
      )}
      {wrong === undefined ? null : (
        <p class="field-error" id={`${id}-wrong`} role="alert">
          <Icon name="alert" size={14} />
          {wrong}
        </p>
      )}
    </div>
  );
}

interface FieldProps {
  readonly name: Exclude<OrderField, 'step'> | 'by' | 'why';
  readonly label: string;
  readonly value: string;
  /** What is wrong with the value. */
  readonly wrong: string | undefined;
  readonly change: (value: string) => void;
}
