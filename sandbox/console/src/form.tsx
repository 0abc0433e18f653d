/** Forms and dialogs. */

import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { t } from "./texts";
import { Button, describe, Icon, icons } from "./ui";

export interface Field {
    name: string;
    label: string;
    value?: string;
    hint?: string;
    /** The choices: value and text. */
    options?: [string, string][];
    type?: "text" | "number" | "url" | "password";
    optional?: boolean;
    pattern?: string;
    wide?: boolean;
}

function Input({ of: { name, type, value, optional, pattern }, id }: { of: Field; id: string }) {
    const common = { name, id, defaultValue: value ?? "", autocomplete: "off", required: !optional } as const;
    switch (type) {
        case "number":
            return <input {...common} type="number" step="any" />;
        case "password":
            return <input {...common} type="password" pattern={pattern} />;
        case "url":
            return <input {...common} type="url" />;
        default:
            return <input {...common} type="text" pattern={pattern} />;
    }
}

interface FormProps {
    fields: Field[];
    submit: string;
    onSubmit: (values: Record<string, string>) => Promise<unknown>;
    onChange?: (values: Record<string, string>) => void;
    kind?: "primary" | "danger";
    children?: ComponentChildren;
}

/** A form with labels, whose error is shown and announced. */
export function Form({ fields, submit, onSubmit, onChange, kind = "primary", children }: FormProps) {
    const form = useRef<HTMLFormElement>(null);
    const id = useId();
    const [error, setError] = useState<string>();
    const [isBusy, setBusy] = useState(false);
    const values = () =>
        Object.fromEntries([...new FormData(form.current ?? undefined)].map(([name, value]) => [name, String(value)]));
    const send = async (event: Event) => {
        event.preventDefault();
        setBusy(true);
        setError(undefined);
        try {
            await onSubmit(values());
        } catch (problem) {
            setError(describe(problem));
        } finally {
            setBusy(false);
        }
    };
    return (
        <form ref={form} class="form" onSubmit={(event) => void send(event)} onInput={() => onChange?.(values())}>
            {fields.map((field) => (
                <div key={field.name} class={field.wide ? "field wide-field" : "field"}>
                    <label for={`${id}-${field.name}`}>{field.label}</label>
                    {field.options ? (
                        <select name={field.name} id={`${id}-${field.name}`}>
                            {field.options.map(([value, text]) => (
                                <option key={value} value={value} selected={value === field.value}>
                                    {text}
                                </option>
                            ))}
                        </select>
                    ) : (
                        <Input of={field} id={`${id}-${field.name}`} />
                    )}
                    {(field.hint ?? field.optional) && <small>{field.hint ?? t.common.optional}</small>}
                </div>
            ))}
            {children}
            {error !== undefined && (
                <p class="error" role="alert">
                    {error}
                </p>
            )}
            <button type="submit" class={`button ${kind}`} disabled={isBusy}>
                {submit}
            </button>
        </form>
    );
}

/** A button that opens a dialog with a form. */
export function FormButton({
    title,
    kind,
    disabled,
    children,
    ...form
}: Omit<FormProps, "submit"> & { title: string; submit?: string; disabled?: boolean }) {
    const [isOpen, setOpen] = useState(false);
    const submit = async (values: Record<string, string>) => {
        await form.onSubmit(values);
        setOpen(false);
    };
    return (
        <>
            <button type="button" class={`button ${kind ?? "plain"}`} disabled={disabled} onClick={() => setOpen(true)}>
                {title}
            </button>
            {isOpen && (
                <Dialog title={title} onClose={() => setOpen(false)}>
                    <Form {...form} {...(kind && { kind })} submit={form.submit ?? title} onSubmit={submit}>
                        {children}
                    </Form>
                </Dialog>
            )}
        </>
    );
}

export function Dialog({
    title,
    onClose,
    children,
}: {
    title: string;
    onClose: () => void;
    children: ComponentChildren;
}) {
    const dialog = useRef<HTMLDialogElement>(null);
    useEffect(() => {
        dialog.current?.showModal();
        dialog.current?.querySelector<HTMLElement>("input:not([type=hidden]), select")?.focus();
    }, []);
    return (
        <dialog
            ref={dialog}
            aria-label={title}
            onClose={onClose}
            onClick={(event) => event.target === dialog.current && dialog.current?.close()}
        >
            <header>
                <h2>{title}</h2>
                <Button onClick={() => dialog.current?.close()} label={t.app.close}>
                    <Icon path={icons.close} />
                </Button>
            </header>
            <div class="dialog-body">{children}</div>
        </dialog>
    );
}

/** Asks before something is lost. */
export function Ask({ title, question, onYes }: { title: string; question: string; onYes: () => Promise<unknown> }) {
    return (
        <FormButton title={title} kind="danger" fields={[]} onSubmit={onYes}>
            <p>{question}</p>
        </FormButton>
    );
}
