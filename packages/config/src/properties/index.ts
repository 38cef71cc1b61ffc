export { activeDocuments } from './active-documents.ts';
export { labelsOf } from './candidate-files.ts';
export type { ConfigFound, ConfigRequest, FileProblem, ResourceFound, ResourceRequest } from './config-folder.ts';
export { nearest } from './nearest.ts';
export type { Properties, Property, PropertyDocument, PropertySource, Scalar } from './property.ts';
export { readYamlText } from './read-yaml-text.ts';
