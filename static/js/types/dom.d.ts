/* What TypeScript's types of the DOM leave out: our elements, their events, and what selectors find. */

import type { ChatAnswer } from "../chat/answers/chat-answer.js";
import type { ChatAttachments } from "../chat/attachments/chat-attachments.js";
import type { ChatComposer } from "../chat/chat-composer.js";
import type { ChatQuestion } from "../chat/chat-question.js";
import type { DocumentRestriction } from "../chat/document-restriction.js";
import type { ModelPicker } from "../chat/model-picker.js";
import type { QuestionHeld } from "../chat/question-held.js";
import type { PdfPage } from "../pdf/pdf-page.js";
import type { RequestError } from "../shared/http.js";
import type { ConversationList } from "../shell/conversation-list.js";

declare global {
  interface HTMLElementTagNameMap {
    "chat-answer": ChatAnswer;
    "chat-attachments": ChatAttachments;
    "chat-composer": ChatComposer;
    "chat-question": ChatQuestion;
    "conversation-list": ConversationList;
    "document-restriction": DocumentRestriction;
    "model-picker": ModelPicker;
    "pdf-page": PdfPage;
    "question-held": QuestionHeld;
  }

  interface HTMLElementEventMap {
    "answer-again": CustomEvent<{
      answer: ChatAnswer;
      model: string | null;
      allDocuments?: boolean;
    }>;
    attached: CustomEvent<{ conversation_id: string; conversation_url: string; title: string }>;
    "composer-ask": CustomEvent<{ question: string }>;
    "model-chosen": CustomEvent<{ id: string }>;
    "server-asked": CustomEvent<{ error: RequestError | null }>;
    "question-edited": CustomEvent<{ question: ChatQuestion; text: string }>;
  }

  interface DocumentEventMap {
    "documents-added": CustomEvent<{ url: string; replaces: string }>;
  }

  // Our pages hold HTML; a selector with more than a tag finds what the caller declares.
  interface ParentNode {
    querySelector<K extends keyof HTMLElementTagNameMap>(
      selector: K,
    ): HTMLElementTagNameMap[K] | null;
    querySelector<E extends HTMLElement = HTMLElement>(selector: string): E | null;
    querySelectorAll<K extends keyof HTMLElementTagNameMap>(
      selector: K,
    ): NodeListOf<HTMLElementTagNameMap[K]>;
    querySelectorAll<E extends HTMLElement = HTMLElement>(selector: string): NodeListOf<E>;
  }

  interface Element {
    closest<K extends keyof HTMLElementTagNameMap>(selector: K): HTMLElementTagNameMap[K] | null;
    closest<E extends HTMLElement = HTMLElement>(selector: string): E | null;
  }

  interface Document {
    getElementById<E extends HTMLElement = HTMLElement>(id: string): E | null;
    readonly activeElement: HTMLElement | null;
  }

  interface Window {
    katex: typeof import("katex");
  }
}
