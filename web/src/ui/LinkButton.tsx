import { Button, type ButtonProps } from '@mantine/core';
import { createLink } from '@tanstack/react-router';
import type { AnchorHTMLAttributes, Ref } from 'react';

type AnchorProps = ButtonProps & Omit<AnchorHTMLAttributes<HTMLAnchorElement>, keyof ButtonProps> & { ref?: Ref<HTMLAnchorElement> };

function Anchor(props: AnchorProps) {
  return <Button component="a" {...props} />;
}

/** A button that is a link to a page of the app, with its params and search typed. */
export const LinkButton = createLink(Anchor);
