import type { ComponentImages } from '../../schemas/types.ts';

/** @throws if the image is not known; resolving images always gives all six. */
export const imageOf = (images: ComponentImages, component: keyof ComponentImages): string => {
  const image = images[component];
  if (image === undefined || image === '') {
    throw new Error(`no image for ${component}; set spec.images.${component}`);
  }
  return image;
};
