export { activeDocuments } from './active-documents.ts';
export { candidateFiles, labelsOf } from './candidate-files.ts';
export type { ConfigFound, ConfigRequest, FileProblem, ResourceFound, ResourceRequest } from './config-folder.ts';
export { nearest } from './nearest.ts';
export type { Properties, Property, PropertyDocument, PropertySource, Scalar } from './property.ts';
export type { DocumentsRead } from './read-documents.ts';
export { readDocuments } from './read-documents.ts';
export { readYamlText } from './read-yaml-text.ts';
