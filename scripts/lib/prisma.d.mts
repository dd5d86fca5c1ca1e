export declare function generateClient(options?: { readonly schemaFile?: string }): Promise<void>;
